// What runs ask of the providers: a model to talk to. Keys, probes, aliases and strategies stay behind it.
import type { Model } from '../platform/model.ts';

export type Models = {
  /**
   * `wanted`: what the definition says (`sonnet`, `inherit`, `provider/model`, an alias, null). Looks in the person's providers, the
   * team's, the server's; `personId` null: not in anybody's own. Throws `Problem` with what to do when there is no provider.
   */
  open(wanted: { wanted: string | null; personId: string | null; teamId: string | null }): Promise<Model>;
};
