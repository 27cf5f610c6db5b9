/*
 * load_url.c - what the address of a page says about where the visitor came from.
 *
 * What it is:   utm_ parameters and click ids of the query, decoded.
 * Promises:     fills only what is not known yet.
 */
#include "load/load_int.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %41 and + taken apart; what is no such sequence stays as it is. */
static str url_decode(str s, struct arena *a)
{
	if (str_index(s, '%') == s.n && str_index(s, '+') == s.n)
		return s;
	char *p = arena_alloc(a, s.n);
	if (!p)
		return S("");
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int hi = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int lo = hi >= 0 ? hex_digit(s.p[i + 2]) : -1;
		if (lo >= 0) {
			p[n++] = (char)(hi * 16 + lo);
			i += 2;
		} else {
			p[n++] = s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	str decoded = str_make(p, n);
	return str_is_utf8(decoded) ? decoded : s;
}

static str *utm_field(struct origin *o, str name)
{
	if (str_eq(name, S("utm_source")))
		return &o->source;
	if (str_eq(name, S("utm_medium")))
		return &o->medium;
	if (str_eq(name, S("utm_campaign")))
		return &o->campaign;
	if (str_eq(name, S("utm_content")))
		return &o->content;
	return str_eq(name, S("utm_term")) ? &o->term : NULL;
}

static str click_kind(str name)
{
	static const str KINDS[] = { S("gclid"),  S("wbraid"),	  S("gbraid"),
				     S("dclid"),  S("msclkid"),	  S("fbclid"),
				     S("ttclid"), S("li_fat_id"), S("twclid") };
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		if (str_eq(name, KINDS[i]))
			return KINDS[i];
	}
	return S("");
}

void origin_from_url(str url, struct arena *a, struct origin *o)
{
	str rest = str_sub(url, str_index(url, '?') + 1, url.n), part;
	rest = str_sub(rest, 0, str_index(rest, '#'));
	while (str_next(&rest, '&', &part)) {
		size_t at = str_index(part, '=');
		str name = str_sub(part, 0, at), text = str_sub(part, at + 1, part.n);
		if (text.n == 0)
			continue;
		str *field = utm_field(o, name);
		if (field && field->n == 0)
			*field = url_decode(text, a);
		else if (!field && o->click_kind.n == 0)
			o->click_kind = click_kind(name);
	}
}

str url_host(str url)
{
	for (size_t i = 0; i + 2 < url.n; i++) {
		if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/') {
			url = str_sub(url, i + 3, url.n);
			break;
		}
	}
	size_t n = 0;
	while (n < url.n && url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#' &&
	       url.p[n] != ':')
		n++;
	str host = str_sub(url, 0, n);
	return str_starts(host, S("www.")) ? str_sub(host, 4, host.n) : host;
}
