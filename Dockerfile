# syntax=docker/dockerfile:1

# One image: `sentinal serve` by default, any other command of `sentinal` by naming it.

FROM python:3.11-slim AS build
RUN pip install --no-cache-dir 'uv>=0.9,<1'
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /app
# What changes rarely first: the dependencies have a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY src src
# Editable, since the migrations lie beside the packages and not in them.
RUN uv sync --frozen --no-dev

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sentinal
WORKDIR /app
COPY --from=build /app /app
COPY db db
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["sentinal", "serve", "--host", "0.0.0.0"]
