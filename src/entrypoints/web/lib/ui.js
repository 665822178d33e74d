// The one door to the vendored view library, so that an upgrade touches one file.
export {
  h, html, render, Component, createContext, useState, useReducer, useEffect, useLayoutEffect,
  useRef, useMemo, useCallback, useContext, useErrorBoundary,
} from "../vendor/htm-preact/standalone.module.js";
