// Faults that types cannot see. Style is prettier's; who may import whom is dependency-cruiser's (.dependency-cruiser.js).
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import kit from './svelte.config.js';

const consoleOnlyInLog = { 'no-console': 'error' };
const environmentOnlyInConfig = {
  'no-restricted-properties': [
    'error',
    {
      object: 'process',
      property: 'env',
      message: 'Settings are read in server/config.ts and passed on as parameters.',
    },
  ],
};
const requestsOnlyInEgress = {
  'no-restricted-globals': [
    'error',
    { name: 'fetch', message: 'Outbound requests go through server/platform/egress.ts.' },
    { name: 'WebSocket', message: 'Outbound requests go through server/platform/egress.ts.' },
    { name: 'EventSource', message: 'Outbound requests go through server/platform/egress.ts.' },
  ],
};
const off = (rules) => Object.fromEntries(Object.keys(rules).map((name) => [name, 'off']));

export default tseslint.config(
  {
    ignores: [
      '**/node_modules',
      'build',
      'web/build',
      '**/.svelte-kit',
      'data',
      'bench/sync',
      'e2e/results',
      'samples',
      'system',
      'coverage',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module', globals: { ...globals.node } },
    linterOptions: { reportUnusedDisableDirectives: 'warn' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-control-regex': 'off', // refusing control characters is what several of ours are for
      'no-empty': ['error', { allowEmptyCatch: true }],
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
      'no-unused-vars': 'off',
      'object-shorthand': 'error',
      'svelte/prefer-svelte-reactivity': 'off', // state that holds a Map or Set is replaced whole, never changed in place
      'prefer-const': ['error', { destructuring: 'all' }],
      '@typescript-eslint/no-explicit-any': 'off', // answers of stock clients in tests and benchmarks; the compiler is strict elsewhere
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
    },
  },
  {
    // Rules that need types: a promise nobody waits for is how work gets lost.
    files: ['{server,shared,scripts,e2e}/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false, properties: false } },
      ],
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['server/**/*.ts'], rules: { ...consoleOnlyInLog, ...environmentOnlyInConfig, ...requestsOnlyInEgress } },
  { files: ['server/platform/log.ts'], rules: off(consoleOnlyInLog) },
  { files: ['server/config.ts'], rules: off(environmentOnlyInConfig) },
  { files: ['server/platform/egress.ts'], rules: off(requestsOnlyInEgress) },
  {
    files: ['server/**/*.test.ts', 'server/**/test*.ts'],
    rules: { ...off(requestsOnlyInEgress), ...off(environmentOnlyInConfig) },
  },
  { files: ['shared/**/*.ts'], ignores: ['**/*.test.ts'], rules: { ...consoleOnlyInLog, ...environmentOnlyInConfig } },
  {
    files: ['web/**/*.{js,ts,svelte}'],
    languageOptions: { globals: { ...globals.browser } },
    rules: { ...consoleOnlyInLog },
  },
  {
    files: ['web/**/*.svelte', 'web/**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'], svelteConfig: kit },
    },
    rules: {
      'no-undef': 'off', // svelte-check knows better
      'prefer-const': 'off', // props and state are declared with let
      'svelte/no-navigation-without-resolve': 'off', // the app always stands at the root of its origin
      'svelte/no-at-html-tags': 'error',
      'svelte/prefer-svelte-reactivity': 'off', // most maps and sets here are local to a computation
    },
  },
);
