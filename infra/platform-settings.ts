/** The platform's identity on documents for sellers. `infra/config.ts` reads it. */
import * as z from 'zod';
import { normaliseBusinessNumber } from '../kernel/business-number.js';

export interface PlatformSettings {
  readonly name: string;
  /** Ten digits; null: not set. */
  readonly businessNumber: string | null;
}

const businessNumber = z.string().transform((text, context) => {
  const number = normaliseBusinessNumber(text);
  if (number !== undefined) return number;
  context.addIssue({ code: 'custom', message: 'must be a Korean business number whose check digit is right' });
  return z.NEVER;
});

export const platformShape = {
  MAGAM_PLATFORM_NAME: z
    .string()
    .trim()
    .min(1, 'must not be blank')
    .max(100, 'must have at most 100 characters')
    .default('Magam'),
  MAGAM_BUSINESS_NUMBER: businessNumber.optional(),
};

type PlatformEnv = z.infer<z.ZodObject<typeof platformShape>>;

export const platformSettings = (env: PlatformEnv): PlatformSettings => ({
  name: env.MAGAM_PLATFORM_NAME,
  businessNumber: env.MAGAM_BUSINESS_NUMBER ?? null,
});
