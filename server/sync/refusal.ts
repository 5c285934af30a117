// Why a connection ends: thrown anywhere below a connection's door, caught there, sent as the close code (docs/PROTOCOL.md).

export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, why: string) {
    super(why);
    this.name = 'Refusal';
    this.code = code;
  }
}
