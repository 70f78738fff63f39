/**
 * ISO 4217: how many decimals the minor unit of a currency has.
 *
 * Source: the maintenance agency's list one (current currency and funds codes), funds codes included. ANG and BGN have left
 * that list (2025 and 2026) but their last sales are still settled and refunded, so they stay here. Codes without minor
 * units (precious metals, XDR, XTS, XXX …) are left out: no amount can be stated in them.
 */
const CODES_BY_EXPONENT: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
      CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
      INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
      NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC
      SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const exponents = new Map<string, number>();
for (const [exponent, codes] of Object.entries(CODES_BY_EXPONENT)) {
  for (const code of codes.split(/\s+/)) exponents.set(code, Number(exponent));
}

/** Decimals of a currency (KRW 0, BRL 2, KWD 3), or undefined for anything that is not such a code in capitals. */
export function currencyExponent(code: string): number | undefined {
  return exponents.get(code);
}
