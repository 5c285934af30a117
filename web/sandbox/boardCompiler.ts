// The compiler of AssemblyScript, as one module that a virtual board's frame imports when somebody first needs it: 15 MB, 2 MB on the line.
import compiler from 'assemblyscript/asc';
import { compileAssemblyScript, type AssemblyScript, type Compiled } from '#shared/robot/assemblyScript.ts';

export const compile = ({ source, name }: { source: string; name: string }): Promise<Compiled> =>
  compileAssemblyScript({ compiler: compiler as unknown as AssemblyScript, source, name });
