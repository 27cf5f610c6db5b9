/*
 * currency.c - the currencies of ISO 4217 that are or lately were money.
 *
 * What it is:   a table by code, with the digits after the point; funds codes, metals and test
 *               codes are left out. Currencies given up since 2010 are kept: old deals name them.
 */
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* Four bytes each, sorted: the code and its digits. */
static const char CURRENCIES[][5] = {
	"AED2", "AFN2", "ALL2", "AMD2", "ANG2", "AOA2", "ARS2", "AUD2", "AWG2", "AZN2", "BAM2",
	"BBD2", "BDT2", "BGN2", "BHD3", "BIF0", "BMD2", "BND2", "BOB2", "BRL2", "BSD2", "BTN2",
	"BWP2", "BYN2", "BYR0", "BZD2", "CAD2", "CDF2", "CHF2", "CLF4", "CLP0", "CNY2", "COP2",
	"CRC2", "CUC2", "CUP2", "CVE2", "CZK2", "DJF0", "DKK2", "DOP2", "DZD2", "EEK2", "EGP2",
	"ERN2", "ETB2", "EUR2", "FJD2", "FKP2", "GBP2", "GEL2", "GHS2", "GIP2", "GMD2", "GNF0",
	"GTQ2", "GYD2", "HKD2", "HNL2", "HRK2", "HTG2", "HUF2", "IDR2", "ILS2", "INR2", "IQD3",
	"IRR2", "ISK0", "JMD2", "JOD3", "JPY0", "KES2", "KGS2", "KHR2", "KMF0", "KPW2", "KRW0",
	"KWD3", "KYD2", "KZT2", "LAK2", "LBP2", "LKR2", "LRD2", "LSL2", "LTL2", "LVL2", "LYD3",
	"MAD2", "MDL2", "MGA2", "MKD2", "MMK2", "MNT2", "MOP2", "MRO2", "MRU2", "MUR2", "MVR2",
	"MWK2", "MXN2", "MYR2", "MZN2", "NAD2", "NGN2", "NIO2", "NOK2", "NPR2", "NZD2", "OMR3",
	"PAB2", "PEN2", "PGK2", "PHP2", "PKR2", "PLN2", "PYG0", "QAR2", "RON2", "RSD2", "RUB2",
	"RWF0", "SAR2", "SBD2", "SCR2", "SDG2", "SEK2", "SGD2", "SHP2", "SLE2", "SLL2", "SOS2",
	"SRD2", "SSP2", "STD2", "STN2", "SVC2", "SYP2", "SZL2", "THB2", "TJS2", "TMT2", "TND3",
	"TOP2", "TRY2", "TTD2", "TWD2", "TZS2", "UAH2", "UGX0", "USD2", "UYU2", "UZS2", "VED2",
	"VEF2", "VES2", "VND0", "VUV0", "WST2", "XAF0", "XCD2", "XCG2", "XOF0", "XPF0", "YER2",
	"ZAR2", "ZMK2", "ZMW2", "ZWG2", "ZWL2",
};

static int by_code(const void *key, const void *entry)
{
	return memcmp(key, entry, 3);
}

static const char *currency_find(const char code[3])
{
	return bsearch(code, CURRENCIES, ARRAY_LEN(CURRENCIES), sizeof CURRENCIES[0], by_code);
}

int num_currency_digits(const char currency[3])
{
	const char *found = currency_find(currency);
	return found ? found[3] - '0' : 2;
}

bool num_is_currency(str s)
{
	return s.n == 3 && currency_find(s.p);
}
