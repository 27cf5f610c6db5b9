/*
 * rule_lex.c - the text of a rule as tokens, and messages with their place.
 *
 * What it is:   a pure function from an offset to the token there, so that looking ahead is
 * looking. Promises:     never reads past the text; a token that makes no sense says what is wrong
 * with it. The text was checked to be UTF-8 without control characters before.
 */
#include "rule/rule_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static unsigned char byte_at(str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* Beyond ASCII everything counts as a letter here, except what `foreign_mark` knows: a table of
 * Unicode would only forbid words that mean no harm. */
static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The no-break space and the block of general punctuation: dashes, quotes, thin spaces. */
static bool foreign_mark(str s, size_t at)
{
	unsigned char c = byte_at(s, at), after = byte_at(s, at + 1);
	return (c == 0xC2 && after == 0xA0) || (c == 0xE2 && (after == 0x80 || after == 0x81));
}

static size_t run_word(str s, size_t at)
{
	while ((is_letter(byte_at(s, at)) && !foreign_mark(s, at)) || is_digit(byte_at(s, at)) ||
	       byte_at(s, at) == '.')
		at++;
	return at;
}

/* Numbers, dates, times and durations: also a sign after the exponent's e, and an offset's. */
static size_t run_number(str s, size_t at)
{
	at++;
	for (;;) {
		unsigned char c = byte_at(s, at);
		bool sign = c != 0 && strchr(".:+-%", c);
		if (!sign && !is_digit(c) && (!is_letter(c) || foreign_mark(s, at)))
			return at;
		at++;
	}
}

static struct token bad(str s, size_t at, size_t end, size_t why_at, const char *why)
{
	return (struct token){ .kind = TOKEN_BAD,
			       .at = at,
			       .end = end,
			       .raw = str_sub(s, at, end - at),
			       .why = why,
			       .why_at = why_at };
}

static struct token made(str s, enum token_kind kind, size_t at, size_t end)
{
	return (struct token){
		.kind = kind, .at = at, .end = end, .raw = str_sub(s, at, end - at)
	};
}

static struct token lex_text(str s, size_t at)
{
	size_t i = at + 1;
	while (i < s.n && s.p[i] != '"') {
		if (s.p[i] == '\\') {
			if (byte_at(s, i + 1) != '"' && byte_at(s, i + 1) != '\\')
				return bad(s, at, s.n, i,
					   "in a text a backslash stands before \" or \\ only; "
					   "expected \\\\ for a backslash");
			i++;
		}
		i++;
	}
	if (i >= s.n)
		return bad(s, at, s.n, at, "this text has no end; expected a closing \"");
	return made(s, TOKEN_TEXT, at, i + 1);
}

/* A backquote within a name is written twice. */
static struct token lex_name(str s, size_t at)
{
	size_t i = at + 1;
	for (; i < s.n; i++) {
		if (s.p[i] != '`')
			continue;
		if (byte_at(s, i + 1) != '`')
			break;
		i++;
	}
	if (i >= s.n)
		return bad(s, at, s.n, at, "this name has no end; expected a closing `");
	if (i == at + 1)
		return bad(s, at, i + 1, at, "this name is empty; expected a field between the `");
	return made(s, TOKEN_NAME, at, i + 1);
}

/* Marks that word processors and other languages put where ours stand. */
static struct token lex_foreign(str s, size_t at)
{
	static const struct {
		const char *mark, *why;
	} MARKS[] = {
		{ "\u201C", "expected straight quotes (\") around text" },
		{ "\u201D", "expected straight quotes (\") around text" },
		{ "\u201E", "expected straight quotes (\") around text" },
		{ "\u00AB", "expected straight quotes (\") around text" },
		{ "\u2018", "expected straight quotes (\") around text" },
		{ "\u2019", "expected straight quotes (\") around text" },
		{ "\u00A0", "this blank is a no-break space; expected an ordinary one" },
		{ "'", "expected double quotes (\") around text" },
		{ "==", "expected = to compare" },
		{ "&&", "expected the word and" },
		{ "||", "expected the word or" },
		{ "<>", "expected != for \"differs from\"" },
		{ "!", "expected the word not, or != to compare" },
	};
	for (size_t i = 0; i < ARRAY_LEN(MARKS); i++) {
		str mark = str_of(MARKS[i].mark);
		if (str_starts(str_sub(s, at, s.n - at), mark))
			return bad(s, at, at + mark.n, at, MARKS[i].why);
	}
	return (struct token){ .kind = TOKEN_END };
}

static size_t next_character(str s, size_t at)
{
	at++;
	while ((byte_at(s, at) & 0xC0) == 0x80)
		at++;
	return at;
}

static struct token lex_mark(str s, size_t at)
{
	bool equals = byte_at(s, at + 1) == '=';
	switch (s.p[at]) {
	case '(':
		return made(s, TOKEN_OPEN, at, at + 1);
	case ')':
		return made(s, TOKEN_CLOSE, at, at + 1);
	case ',':
		return made(s, TOKEN_COMMA, at, at + 1);
	case '=':
		return made(s, TOKEN_EQ, at, at + 1);
	case '~':
		return made(s, TOKEN_MATCH, at, at + 1);
	case '!':
		return made(s, TOKEN_NE, at, at + 2);
	case '<':
		return made(s, equals ? TOKEN_LE : TOKEN_LT, at, at + 1 + equals);
	case '>':
		return made(s, equals ? TOKEN_GE : TOKEN_GT, at, at + 1 + equals);
	default:
		return bad(s, at, next_character(s, at), at,
			   "this mark has no meaning here; text with marks in it stands in "
			   "double quotes, and a field in backquotes");
	}
}

struct token lex_token(str s, size_t at)
{
	while (is_blank(byte_at(s, at)))
		at++;
	if (at >= s.n)
		return made(s, TOKEN_END, s.n, s.n);
	unsigned char c = byte_at(s, at), after = byte_at(s, at + 1);
	if (c == '"')
		return lex_text(s, at);
	if (c == '`')
		return lex_name(s, at);
	if (is_digit(c) || (c == '.' && is_digit(after)) ||
	    ((c == '-' || c == '+') && (is_digit(after) || after == '.')))
		return made(s, TOKEN_NUMBER, at, run_number(s, at));
	if (!(c == '!' && after == '=')) {
		struct token t = lex_foreign(s, at);
		if (t.kind == TOKEN_BAD)
			return t;
	}
	if (is_letter(c) && !foreign_mark(s, at))
		return made(s, TOKEN_WORD, at, run_word(s, at));
	return lex_mark(s, at);
}

bool lex_decode(struct parser *p, const struct token *t, str *s_r)
{
	char mark = t->raw.p[0];
	str inside = str_sub(t->raw, 1, t->raw.n - 2);
	char *out = arena_alloc(p->a, inside.n);
	if (!out)
		return parser_nomem(p);
	size_t n = 0;
	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == (mark == '"' ? '\\' : '`'))
			i++;
		out[n++] = inside.p[i];
	}
	*s_r = str_make(out, n);
	return true;
}

bool token_is_word(const struct token *t, const char *word)
{
	return t->kind == TOKEN_WORD && str_eq_nocase(t->raw, str_of(word));
}

void parser_next(struct parser *p)
{
	p->now = lex_token(p->text, p->now.end);
}

struct token parser_peek(const struct parser *p)
{
	return lex_token(p->text, p->now.end);
}

bool word_is_reserved(str word)
{
	static const char *const WORDS[] = { "and",  "or",    "not",   "in",	"between",
					     "has",  "is",    "where", "known", "unknown",
					     "last", "true",  "false", "any",	"all",
					     "none", "after", "before" };
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (str_eq_nocase(word, str_of(WORDS[i])))
			return true;
	return false;
}

bool word_is_bare(str word)
{
	if (word.n == 0 || !is_letter(byte_at(word, 0)))
		return false;
	struct token t = lex_token(word, 0);
	return t.kind == TOKEN_WORD && t.end == word.n;
}

/* ---- messages -------------------------------------------------------------------------------- */

bool parser_fail(struct parser *p, size_t at, const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (p->now.kind == TOKEN_BAD && at == p->now.at) {
		snprintf(what, sizeof what, "%s", p->now.why);
		at = p->now.why_at;
	}
	size_t line = 1, column = 1;
	for (size_t i = 0; i < at && i < p->text.n; i++) {
		if (p->text.p[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)p->text.p[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	return err_set(p->e, ERR_INVALID, "line %zu, column %zu: %s", line, column, what);
}

bool parser_nomem(struct parser *p)
{
	return arena_err(p->a, p->e);
}

bool parser_count(struct parser *p, size_t at)
{
	if (++p->nodes <= RULE_NODES_MAX)
		return true;
	parser_fail(p, at,
		    "the rule has more than %d comparisons and values; "
		    "expected a shorter one, or a list with in_list(\"...\")",
		    RULE_NODES_MAX);
	if (p->e)
		p->e->code = ERR_LIMIT;
	return false;
}

const char *quoted(char text[QUOTED_MAX], str s)
{
	const size_t room = QUOTED_MAX - 6; /* quotes, three bytes for the dots, NUL */
	size_t n = s.n;
	if (n > room) {
		n = room;
		while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
			n--;
	}
	char *out = text;
	*out++ = '"';
	for (size_t i = 0; i < n; i++)
		*out++ = iscntrl((unsigned char)s.p[i]) ? ' ' : s.p[i];
	if (n < s.n) {
		memcpy(out, "\u2026", 3);
		out += 3;
	}
	*out++ = '"';
	*out = '\0';
	return text;
}

const char *token_shown(char text[QUOTED_MAX], const struct token *t)
{
	if (t->kind == TOKEN_END)
		return "the end";
	if (t->kind != TOKEN_TEXT)
		return quoted(text, t->raw);
	quoted(text, str_sub(t->raw, 1, t->raw.n - 2));
	return text;
}
