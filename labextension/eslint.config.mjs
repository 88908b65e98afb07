import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import tseslint from 'typescript-eslint';

// Imports point down only: index → plugins → views, commands → model | components → api; tokens are types.
const LAYERS = {
  index: '**/index',
  plugins: '**/plugins/*',
  views: '**/views/*',
  commands: ['**/{commands,commandids}', '**/commands/*'],
  model: '**/model/*',
  components: '**/components/*'
};

/** Files matching `files` may not import the layers named. */
function arrow(files, ...layers) {
  const patterns = layers.map(layer => ({
    group: [LAYERS[layer]].flat(),
    message: `Imports point down only: this file may not know ${layer}.`
  }));
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

// All rules of Jupyter's plugin as errors: its own config only warns, and leaves some off in tests.
const SCHEMA_RULE = 'jupyter/no-schema-enum';
const JUPYTER = Object.fromEntries(Object.keys(jupyter.rules).map(name => [`jupyter/${name}`, 'error']));
delete JUPYTER[SCHEMA_RULE];
const NEEDED_AT_ONCE = [
  '../api/client',
  '../commands',
  '../components/StatusItem',
  '../components/run/tab',
  '../model/*',
  '../views/actions',
  '../views/notebooks',
  '../views/rundrive',
  '../views/panel',
  '../views/sections/section',
  '../views/sections/sections',
  './page',
  './preferences'
];

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**', 'src/api/schema.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  ...jupyter.configs.recommended,
  { files: ['schema/*.json'], rules: { [SCHEMA_RULE]: 'error' } },
  {
    files: ['src/**', 'test/**'],
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...JUPYTER,
      // The panel, the status item, the notices and the commands are there when JupyterLab starts; views load later.
      'jupyter/prefer-lazy-imports': ['error', { ignoreImports: NEEDED_AT_ONCE }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A namespace of command ids is JupyterLab's habit.
      '@typescript-eslint/no-namespace': 'off',
      // An empty callback is the default of an optional one.
      '@typescript-eslint/no-empty-function': 'off',
      // `noUncheckedIndexedAccess` asks for them after a length check.
      '@typescript-eslint/no-non-null-assertion': 'error',
      eqeqeq: ['error', 'always'],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'JSXAttribute[name.name="tag"] > JSXExpressionContainer > Literal[value=null]',
          message: 'JupyterLab 4.0 cannot draw it: use components/Icon.'
        }
      ],
      'no-console': ['error', { allow: ['warn', 'error'] }]
    }
  },
  arrow(['src/plugins/**'], 'index'),
  arrow(['src/views/**', 'src/commands/**', 'src/commandids.ts'], 'index', 'plugins'),
  arrow(['src/model/**'], 'index', 'plugins', 'views', 'commands', 'components'),
  arrow(['src/components/**'], 'index', 'plugins', 'views', 'commands', 'model'),
  arrow(
    ['src/api/**', 'src/log/**', 'src/tasks/**', 'src/values/**', 'src/format.ts', 'src/icons.ts', 'src/phase.ts'],
    'index',
    'plugins',
    'views',
    'commands',
    'model',
    'components'
  ),
  {
    files: ['src/tokens.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['./*'], allowTypeImports: true, message: 'Tokens know types only.' }] }
      ]
    }
  }
);
