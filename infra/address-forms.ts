/** Forms of settings that name a place: URLs and mail addresses. */
import * as z from 'zod';

export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must look like https://host/path');

export const mailUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '',
    'must look like smtp://user:password@host:587 or smtps://host',
  );

/** Addresses, separated by commas. */
export const mailAddresses = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== ''),
  )
  .refine(
    (addresses) => addresses.length > 0 && addresses.every((address) => /^[^\s@,;<>"]+@[^\s@,;<>"]+$/.test(address)),
    'must be addresses such as oncall@example.com, separated by commas',
  );
