/*
 * num_human.c - numbers and amounts as people and spreadsheets write them.
 *
 * What it is:   the text is brought to plain digits first ("1.234,50" to 1234 and 50); reals and
 *               minor units are made from those, so both read the same texts.
 * Promises:     amounts never pass through a floating-point number. A text that could be two
 *               numbers is read by the rule that num.h states or refused, never guessed otherwise.
 */
#include "base/num.h"

#include <string.h>

/* More digits than any number that fits; the text itself may hold blanks and marks besides. */
#define HUMAN_DIGITS_MAX 400

struct human {
	bool minus;
	size_t whole;	 /* digits before the mark */
	size_t fraction; /* digits after it, behind the others in `digits` */
	char digits[HUMAN_DIGITS_MAX];
};

/* The mark that may stand between thousands at the front of s: its length, 0 when there is none. */
static size_t thousands_mark(str s, char point)
{
	static const str MARKS[] = {
		{ " ", 1 },
		{ "'", 1 },
		{ "\xC2\xA0", 2 },
		{ "\xE2\x80\xAF", 3 },
		{ "\xE2\x80\x89", 3 },
		{ "\xE2\x80\x99", 3 },
	};
	if (s.n > 0 && (s.p[0] == '.' || s.p[0] == ','))
		return s.p[0] == point ? 0 : 1;
	for (size_t i = 0; i < ARRAY_LEN(MARKS); i++)
		if (str_starts(s, MARKS[i]))
			return MARKS[i].n;
	return 0;
}

/* The last of "." and "," is the mark, unless it stands there twice: then it parts thousands. */
static char guess_point(str s)
{
	char point = '.';
	for (size_t i = s.n; i-- > 0;) {
		if (s.p[i] != '.' && s.p[i] != ',')
			continue;
		point = s.p[i];
		if (str_index(s, point) != i)
			return point == '.' ? ',' : '.';
		break;
	}
	return point;
}

static bool human_digit(struct human *h, char c)
{
	if (h->whole + h->fraction == HUMAN_DIGITS_MAX)
		return false;
	h->digits[h->whole + h->fraction] = c;
	return true;
}

/* The digits before the mark, taken off *s. Groups are of three; the first of one to three, and not
 * of zeros, since "0,123" is more likely a fraction with the wrong mark. */
static bool human_whole(struct human *h, str *s, char point)
{
	str mark = { NULL, 0 };
	size_t group = 0;
	while (s->n > 0 && *s->p != point) {
		if (*s->p >= '0' && *s->p <= '9') {
			if (!human_digit(h, *s->p))
				return false;
			h->whole++;
			group++;
			*s = str_sub(*s, 1, s->n);
			continue;
		}
		size_t n = thousands_mark(*s, point);
		str found = str_sub(*s, 0, n);
		bool first = mark.n == 0;
		if (n == 0 || (first ? group < 1 || group > 3 : group != 3))
			return false;
		if (first ? h->digits[0] == '0' : !str_eq(found, mark))
			return false;
		mark = found;
		group = 0;
		*s = str_sub(*s, n, s->n);
	}
	return mark.n == 0 || group == 3;
}

static bool human_read(str s, enum num_decimal decimal, struct human *h)
{
	h->minus = false;
	h->whole = 0;
	h->fraction = 0;
	s = str_trim(s);
	str minus = S("\xE2\x88\x92");
	if (str_starts(s, S("-")) || str_starts(s, S("+"))) {
		h->minus = s.p[0] == '-';
		s = str_sub(s, 1, s.n);
	} else if (str_starts(s, minus)) {
		h->minus = true;
		s = str_sub(s, minus.n, s.n);
	}
	char point = decimal == NUM_POINT ? '.' : decimal == NUM_COMMA ? ',' : guess_point(s);
	if (!human_whole(h, &s, point))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || !human_digit(h, s.p[i]))
			return false;
		h->fraction++;
	}
	return h->whole + h->fraction > 0;
}

bool num_parse_human(str s, enum num_decimal decimal, double *v_r)
{
	struct human h;
	if (!human_read(s, decimal, &h))
		return false;
	char plain[HUMAN_DIGITS_MAX + 2];
	size_t n = 0;
	if (h.minus)
		plain[n++] = '-';
	memcpy(plain + n, h.digits, h.whole);
	n += h.whole;
	plain[n++] = '.';
	memcpy(plain + n, h.digits + h.whole, h.fraction);
	return num_parse_real((str){ plain, n + h.fraction }, v_r);
}

bool num_parse_minor(str s, enum num_decimal decimal, int digits, int64_t *minor_r)
{
	CHECK(digits >= 0 && digits <= 18);
	struct human h;
	if (!human_read(s, decimal, &h))
		return false;
	size_t taken = h.whole + (size_t)digits;
	size_t there = h.whole + h.fraction;
	uint64_t minor = 0;
	for (size_t i = 0; i < taken; i++) {
		uint64_t digit = i < there ? (uint64_t)(h.digits[i] - '0') : 0;
		if (MUL_OVERFLOWS(minor, 10u, &minor) || ADD_OVERFLOWS(minor, digit, &minor))
			return false;
	}
	/* Half away from zero: the first digit left out decides alone. */
	if (taken < there && h.digits[taken] >= '5' && ADD_OVERFLOWS(minor, 1u, &minor))
		return false;
	if (minor > (uint64_t)INT64_MAX + h.minus)
		return false;
	*minor_r = (int64_t)(h.minus ? -minor : minor);
	return true;
}
