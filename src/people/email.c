/*
 * email.c - addresses and ids as they are compared.
 *
 * What it is:   an address with its case folded and its domain in ASCII (IDNA 2008), and the list
 * of values that senders write when they have no id. Promises:     no allocation outside the arena.
 */
#include "people/people_int.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#define EMAIL_BYTES_MAX 254 /* RFC 5321, 4.5.3.1.3 less the brackets */

static bool is_ascii(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

static str domain_to_ascii(struct arena *a, str domain)
{
	char *text = str_cstr(a, domain);
	char *out = NULL;
	if (!text || idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&out,
				    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return S("");
	str result = str_dup(a, str_of(out));
	idn2_free(out);
	return result;
}

static bool has_bad_byte(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c == 0x7F || c == '<' || c == '>' || c == '(' || c == ')' ||
		    c == ',' || c == ';' || c == '"')
			return true;
	}
	return false;
}

str email_normalise(struct arena *a, str s)
{
	s = str_trim(s);
	size_t at = s.n;
	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at < 2 || at == s.n || s.n > EMAIL_BYTES_MAX || has_bad_byte(s) || !str_is_utf8(s))
		return S("");
	str local = str_sub(s, 0, at - 1), domain = str_sub(s, at, s.n);
	if (str_index(local, '@') < local.n || str_index(domain, '.') == domain.n ||
	    str_starts(domain, S(".")) || str_ends(domain, S(".")) || str_contains(domain, S("..")))
		return S("");
	domain = is_ascii(domain) ? str_lower(a, domain) : domain_to_ascii(a, domain);
	local = str_lower(a, local);
	if (domain.n == 0 || local.n == 0)
		return S("");
	return str_printf(a, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));
}

/* Takes quotes and brackets off both ends, as often as they stand there. */
static str unquote(str s)
{
	for (;;) {
		s = str_trim(s);
		if (s.n < 2)
			return s;
		char first = s.p[0], last = s.p[s.n - 1];
		bool quoted = (first == last && (first == '"' || first == '\'' || first == '`')) ||
			      (first == '{' && last == '}') || (first == '<' && last == '>') ||
			      (first == '(' && last == ')');
		if (!quoted)
			return s;
		s = str_sub(s, 1, s.n - 2);
	}
}

bool id_is_blocked(str s)
{
	static const str BLOCKED[] = {
		S("null"),
		S("undefined"),
		S("none"),
		S("nil"),
		S("nan"),
		S("anonymous"),
		S("anon"),
		S("guest"),
		S("unknown"),
		S("n/a"),
		S("na"),
		S("-"),
		S("0"),
		S("-1"),
		S("true"),
		S("false"),
		S("id"),
		S("user"),
		S("userid"),
		S("user_id"),
		S("not_authenticated"),
		S("distinct_id"),
		S("anonymous_id"),
		S("email"),
		S("test"),
		S("[object object]"),
		S("[]"),
		S("00000000-0000-0000-0000-000000000000"),
	};
	s = unquote(s);
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(BLOCKED); i++) {
		if (str_eq_nocase(s, BLOCKED[i]))
			return true;
	}
	return false;
}
