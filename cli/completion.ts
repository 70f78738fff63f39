/** `magam completion SHELL`: a script for the shell, made from the commands as they are defined. It starts no process when it completes. */
import { Argument, type Command, type Option } from 'commander';
import { print } from './output.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** A command with the words that lead to it. */
interface Node {
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly name: string; readonly description: string; readonly values: Values }[];
  /** The completion of its first argument; undefined: it takes none. */
  readonly argument: Values | undefined;
}

/** What follows: nothing, one of these words, a file, or anything. */
type Values = 'none' | 'file' | 'any' | readonly string[];

export const completionCommand =
  (defineAll: (magam: Command) => Promise<void>) =>
  (completion: Command): void => {
    completion.addArgument(new Argument('<shell>', 'the shell').choices(SHELLS)).action(async (shell: Shell) => {
      const magam = completion.parent as Command;
      await defineAll(magam);
      print(SCRIPTS[shell](nodesOf(magam)));
    });
  };

function nodesOf(command: Command, path: readonly string[] = []): Node[] {
  const children = command.commands;
  const [argument] = command.registeredArguments;
  const global =
    path.length === 0 ? [] : [{ name: '--json', description: 'print one JSON document', values: 'none' as const }];
  const help = { name: '--help', description: 'display help', values: 'none' as const };
  const named = path[0] === 'help' ? command.parent?.commands.map((one) => one.name()) : undefined;
  const node: Node = {
    path,
    description: command.description(),
    commands: children.map((child) => ({ name: child.name(), description: child.description() })),
    options: [...command.options.map(optionOf), ...global, help],
    argument: argument && valuesOf(argument.name(), named ?? argument.argChoices),
  };
  return [node, ...children.flatMap((child) => nodesOf(child, [...path, child.name()]))];
}

const optionOf = ({ long, description, flags, argChoices, required, optional }: Option): Node['options'][number] => {
  const name = /<([^>]+)>/.exec(flags)?.[1] ?? '';
  return { name: long ?? flags, description, values: required || optional ? valuesOf(name, argChoices) : 'none' };
};

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return choices;
  if (name === 'file') return 'file';
  return name === 'date' || name === 'from' ? ['today', 'yesterday'] : 'any';
}

/** The description of an argument, in one line. */
const short = (text: string): string => (text.split(/[;(:]/)[0] ?? '').trim();
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The commands among the words before the cursor, joined; each shell's script has the same loop. */
function bash(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const cases = nodes.map(({ path, commands, options, argument }) => {
    const values = options
      .filter(({ values: of }) => of !== 'none')
      .map(({ name, values: of }) => `      ${name}) ${bashReply(of)}; return ;;`);
    const words = [...commands.map(({ name }) => name), ...(Array.isArray(argument) ? argument : [])].join(' ');
    const file = argument === 'file' ? `; ${BASH_FILES}` : '';
    return [
      `  ${quoted(path.join(' '))})`,
      ...(values.length === 0 ? [] : ['    case $previous in', ...values, '    esac']),
      `    if [[ $current == -* ]]; then COMPREPLY=($(compgen -W ${quoted(options.map(({ name }) => name).join(' '))} -- "$current"))`,
      `    else COMPREPLY=($(compgen -W ${quoted(words)} -- "$current"))${file}; fi ;;`,
    ].join('\n');
  });
  return `# magam in bash: source <(magam completion bash)
_magam() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= word next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $path == cron && $word == -- ]] && path= && continue
    next="\${path:+$path }$word"
    case $next in ${known.join('|')}) path=$next ;; esac
  done
  case $path in
${cases.join('\n')}
  esac
}
complete -o filenames -o bashdefault -F _magam magam
`;
}

/** The name of a file may have spaces. */
const BASH_FILES = `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"))`;

function bashReply(values: Values): string {
  if (values === 'file') return BASH_FILES;
  return Array.isArray(values) ? `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$current"))` : 'COMPREPLY=()';
}

function zsh(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const plain = (text: string): string => text.replaceAll(':', '\\:');
  const list = (items: readonly { readonly name: string; readonly description: string }[]): string =>
    items.map(({ name, description }) => quoted(`${plain(name)}:${short(description)}`)).join(' ');
  const cases = nodes.map(({ path, commands, options, argument }) => {
    const values = options
      .filter(({ values: of }) => of !== 'none')
      .map(({ name, values: of }) => `      ${name}) ${zshReply(of)}; return ;;`);
    return [
      `    ${quoted(path.join(' '))})`,
      ...(values.length === 0 ? [] : ['      case $previous in', ...values, '      esac']),
      `      if [[ $current == -* ]]; then items=(${list(options)}); _describe option items`,
      commands.length > 0
        ? `      else items=(${list(commands)}); _describe command items; fi ;;`
        : `      else ${argument === undefined ? ':' : zshReply(argument)}; fi ;;`,
    ].join('\n');
  });
  return `#compdef magam
# magam in zsh: source <(magam completion zsh), or save it as _magam in a folder of $fpath
_magam() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} path_= word next i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    [[ $path_ == cron && $word == -- ]] && path_= && continue
    next="\${path_:+$path_ }$word"
    case $next in (${known.join('|')}) path_=$next ;; esac
  done
  case $path_ in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _magam ]]; then _magam "$@"; else compdef _magam magam; fi
`;
}

function zshReply(values: Values): string {
  if (values === 'file') return '_files';
  return Array.isArray(values) ? `compadd -- ${values.map(quoted).join(' ')}` : '_message value';
}

function fish(nodes: readonly Node[]): string {
  const groups = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const lines = nodes.flatMap(({ path, commands, options, argument }) => {
    const at = `complete -c magam -n '__magam_at "${path.join(' ')}"'`;
    const ofArgument =
      argument === 'file' ? [`${at} -F`] : Array.isArray(argument) ? [`${at} -f -a ${quoted(argument.join(' '))}`] : [];
    return [
      ...commands.map(({ name, description }) => `${at} -f -a ${name} -d ${fishQuoted(short(description))}`),
      ...options.map(
        ({ name, description, values }) =>
          `${at} -l ${name.slice(2)}${fishValues(values)} -d ${fishQuoted(short(description))}`,
      ),
      ...ofArgument,
    ];
  });
  return `# magam in fish: magam completion fish | source
function __magam_at
  set -l path ''
  for word in (commandline -opc)[2..]
    if test "$path" = cron -a "$word" = --
      set path ''
      continue
    end
    set -l next (string trim -- "$path $word")
    if contains -- $next ${groups.join(' ')}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
complete -c magam -f
${lines.join('\n')}
`;
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishValues(values: Values): string {
  if (values === 'none') return '';
  if (values === 'file') return ' -r -F';
  return Array.isArray(values) ? ` -x -a ${quoted(values.join(' '))}` : ' -x';
}

const SCRIPTS: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };
