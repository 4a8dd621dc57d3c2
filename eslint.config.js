// Lint rules: strict types, and which folder of src may import which.
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";
import { importRule } from "./eslint.imports.js";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/node_modules/", "test/fixtures/", "examples/", "coverage/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-invalid-void-type": ["error", { allowInGenericTypeArguments: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { regexp },
    rules: {
      "max-lines": ["error", { max: 300 }],
      // A promise that nobody waits for may reject unseen: `void` is no handler.
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: false }],
      // What others wrote may be as long as they like.
      "regexp/no-super-linear-backtracking": "error",
      "regexp/no-super-linear-move": "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { pluginserver: { rules: { imports: importRule } } },
    rules: { "pluginserver/imports": "error" },
  },
  // Plugins print as plugins do.
  { files: ["plugins-dir/**/*.ts"], rules: { "no-console": "off" } },
);
