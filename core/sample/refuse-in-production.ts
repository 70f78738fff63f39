import type { Config } from '../../infra/config.js';
import { MagamError } from '../../kernel/errors.js';

/** Everybody knows the sample data and their tokens. Throws CONFIG_INVALID in production. */
export function refuseInProduction({ production }: Pick<Config, 'production'>): void {
  if (production) throw new MagamError('CONFIG_INVALID', 'Sample data is refused with NODE_ENV=production.');
}
