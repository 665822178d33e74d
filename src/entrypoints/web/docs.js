// Shows /openapi.json with the vendored Swagger UI. A classic script, because the bundle is one.

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The validator badge would send the description to a server of somebody else.
  validatorUrl: null,
  // An access token that is typed in here must not outlive the page.
  persistAuthorization: false,
});
