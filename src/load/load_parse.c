/*
 * load_parse.c - numbers, amounts, dates, yes and no, lists: one text, one answer.
 *
 * What it is:   how a cell's text reads as a value of a given type.
 * Promises:     the whole text is that value or it is refused; nothing is rounded but amounts with
 *               more digits than their currency has.
 */
#include "load/load_int.h"

#include <math.h>
#include <string.h>

/* Date parts that are recognised; a time of day may follow each. The first is RFC 3339. */
const char *const date_patterns[] = {
	"",	    "%d.%m.%Y",	 "%m/%d/%Y",  "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y",
	"%Y/%m/%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y",
};
const size_t date_patterns_n = ARRAY_LEN(date_patterns);

static bool all_digits(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

bool parse_number(str s, enum num_decimal decimal, value *v_r)
{
	str digits = s.n > 1 && s.p[0] == '-' ? str_sub(s, 1, s.n) : s;
	if (digits.n == 0 || digits.n > 40 || digits.p[0] < '0' || digits.p[0] > '9')
		return false;
	/* 0049, 01067: not numbers, but codes that lose their zeros */
	if (digits.n > 1 && digits.p[0] == '0' && digits.p[1] >= '0' && digits.p[1] <= '9')
		return false;
	int64_t i;
	if (all_digits(digits)) {
		if (!num_parse_i64(s, &i))
			return false;
		*v_r = value_int(i);
		return true;
	}
	double d;
	if (!num_parse_human(s, decimal, &d))
		return false;
	bool whole = d == floor(d) && fabs(d) < 9e15 &&
		     str_index(s, decimal == NUM_COMMA ? ',' : '.') == s.n;
	*v_r = whole ? value_int((int64_t)d) : value_real(d);
	return true;
}

bool parse_bool(str s, value *v_r)
{
	static const struct {
		const char *text;
		bool yes;
	} WORDS[] = {
		{ "true", true },   { "yes", true }, { "ja", true },	{ "wahr", true },
		{ "false", false }, { "no", false }, { "nein", false }, { "falsch", false },
	};
	if (s.n > 6)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (str_eq_nocase(s, str_of(WORDS[i].text))) {
			*v_r = value_bool(WORDS[i].yes);
			return true;
		}
	}
	return false;
}

/* Takes a currency's sign or code off either end of *s. */
static bool take_currency(str *s, char currency[4])
{
	static const struct {
		const char *sign;
		const char *code;
	} SIGNS[] = {
		{ "\xE2\x82\xAC", "EUR" }, { "US$", "USD" }, { "$", "USD" }, { "\xC2\xA3", "GBP" }
	};
	for (size_t i = 0; i < ARRAY_LEN(SIGNS); i++) {
		str sign = str_of(SIGNS[i].sign);
		bool before = str_starts(*s, sign);
		if (!before && !str_ends(*s, sign))
			continue;
		*s = str_trim(before ? str_sub(*s, sign.n, s->n) : str_sub(*s, 0, s->n - sign.n));
		memcpy(currency, SIGNS[i].code, 4);
		return true;
	}
	if (s->n < 4)
		return false;
	str first = str_sub(*s, 0, 3), last = str_sub(*s, s->n - 3, 3);
	bool before = num_is_currency(first);
	if (!before && !num_is_currency(last))
		return false;
	memcpy(currency, before ? first.p : last.p, 3);
	currency[3] = '\0';
	*s = str_trim(before ? str_sub(*s, 3, s->n) : str_sub(*s, 0, s->n - 3));
	return true;
}

static bool scale(int64_t minor, double times, int64_t *scaled_r)
{
	if (times == floor(times) && fabs(times) < 1e15)
		return !MUL_OVERFLOWS(minor, (int64_t)times, scaled_r);
	double d = round((double)minor * times);
	if (!(fabs(d) < 9e15))
		return false;
	*scaled_r = (int64_t)d;
	return true;
}

bool parse_money(str s, enum num_decimal decimal, const char *currency, double times, value *v_r)
{
	char code[4] = "";
	memcpy(code, currency, strnlen(currency, 3));
	/* The sign of a number may stand before that of the currency: -$5 */
	bool minus = s.n > 1 && s.p[0] == '-' && (s.p[1] < '0' || s.p[1] > '9');
	if (minus)
		s = str_sub(s, 1, s.n);
	take_currency(&s, code);
	int64_t minor;
	if (code[0] == '\0' || !num_parse_minor(s, decimal, num_currency_digits(code), &minor))
		return false;
	if (minus)
		minor = -minor;
	if (times != 0 && !scale(minor, times, &minor))
		return false;
	*v_r = value_money(minor, code);
	return true;
}

static bool parse_epoch(str s, int64_t unit_us, int64_t *at_us_r)
{
	int64_t n, at;
	if (!num_parse_i64(s, &n) || MUL_OVERFLOWS(n, unit_us, &at))
		return false;
	*at_us_r = at;
	return at >= TIME_MIN_US && at <= TIME_MAX_US;
}

/* The pattern with the time of day that the text seems to have. */
static str pattern_with_hours(str s, str pattern, char text[64])
{
	size_t colons = 0, first = s.n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ':') {
			first = colons ? first : i;
			colons++;
		}
	}
	if (colons == 0 || first < 3 || pattern.n + 20 > 64 || str_contains(pattern, S("%H")) ||
	    str_contains(pattern, S("%I")))
		return pattern;
	size_t hour = first;
	while (hour > 0 && s.p[hour - 1] >= '0' && s.p[hour - 1] <= '9')
		hour--;
	char before = hour > 0 ? s.p[hour - 1] : ' ';
	bool comma = hour > 1 && before == ' ' && s.p[hour - 2] == ',';
	bool half = str_ends(s, S("M")) || str_ends(s, S("m"));
	size_t n = pattern.n;
	memcpy(text, pattern.p, n);
	const char *gap = comma ? ", " : before == 'T' ? "T" : " ";
	const char *hours = half ? (colons > 1 ? "%I:%M:%S %p" : "%I:%M %p")
				 : (colons > 1 ? "%H:%M:%S" : "%H:%M");
	memcpy(text + n, gap, strlen(gap));
	n += strlen(gap);
	memcpy(text + n, hours, strlen(hours));
	return str_make(text, n + strlen(hours));
}

bool parse_time(str s, str pattern, bool *date_only_r, int64_t *at_us_r)
{
	*date_only_r = false;
	if (s.n < 6 || s.n > 64)
		return false;
	if (str_eq(pattern, S("epoch_ms")))
		return parse_epoch(s, 1000, at_us_r);
	if (str_eq(pattern, S("epoch_s")))
		return parse_epoch(s, US_PER_S, at_us_r);
	if (str_is_empty(pattern)) {
		/* Only a whole year first: "12.03" or "1234567" is no date. */
		if (s.n < 10 || s.p[4] != '-' || s.p[7] != '-')
			return false;
		*date_only_r = s.n == 10;
		return time_parse(s, at_us_r, NULL);
	}
	char text[64];
	return time_parse_pattern(s, pattern_with_hours(s, pattern, text), at_us_r, date_only_r,
				  NULL);
}

/* Parts that look like entries, not like a sentence with a semicolon in it. */
bool parse_looks_like_list(str s)
{
	str rest = s, part;
	if (s.n > 4000)
		return false;
	while (str_next(&rest, ';', &part)) {
		part = str_trim(part);
		if (part.n == 0 || part.n > 80 || str_contains(part, S(". ")))
			return false;
	}
	return true;
}

bool parse_list(struct arena *a, str s, char split, value *v_r)
{
	size_t n = 1;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == split;
	value *items = n > VALUE_LIST_MAX ? NULL : arena_alloc(a, n * sizeof *items);
	if (!items)
		return false;
	str rest = s, part;
	size_t kept = 0;
	while (str_next(&rest, split, &part)) {
		part = str_trim(part);
		if (part.n > 0)
			items[kept++] = value_text(part);
	}
	*v_r = (value){ .kind = VALUE_LIST };
	v_r->list.items = items;
	v_r->list.n = kept;
	return true;
}

int64_t value_instant(value v)
{
	return v.kind == VALUE_DATE ? time_local_midnight(v.i) : v.i;
}
