/*
 * rule_int.h - the typed tree and the parts of the parser; private to rule/.
 *
 * What it is:   tokens (rule_lex.c), values (rule_number.c, rule_literal.c), fields and suggestions
 *               (rule_type.c), comparisons (rule_compare.c), grammar (rule_parse.c), folding and
 *               words (rule_fold.c, rule_words.c), canonical text (rule_print.c), and the test of a
 *               row (rule_match.c, rule_test.c).
 * Promises:     whatever is in a tree was checked when it was parsed: operators fit the type,
 * values are in range, patterns are not empty. The tree is never changed afterwards.
 */
#ifndef TRICHTER_RULE_INT_H
#define TRICHTER_RULE_INT_H

#include "rule/rule.h"

#include <stdarg.h>

/* ---- tree ------------------------------------------------------------------------------------ */

/* A number as written: mant / 10^scale, in lowest terms, where it fits; the nearest double always.
 */
struct decimal {
	int64_t mant;
	int scale;  /* 0 … DECIMAL_SCALE_MAX */
	bool exact; /* mant and scale hold the number */
	double real;
};
#define DECIMAL_SCALE_MAX 18

enum literal_kind {
	LITERAL_TEXT,
	LITERAL_NUMBER,
	LITERAL_BOOL,
	LITERAL_INSTANT,
	LITERAL_DAY,
	LITERAL_SPAN,
	LITERAL_MONEY,
};

/* A value in a rule. Text may have further readings (has_…), used for rows whose value has another
 * type. */
struct literal {
	enum literal_kind kind;
	bool has_number;
	bool has_times;
	bool has_flag;
	bool flag;
	char currency[4];	/* LITERAL_MONEY */
	str text;		/* text itself; of all others the canonical spelling */
	str folded;		/* LITERAL_TEXT */
	struct decimal number;	/* has_number; of money in major units */
	int64_t minor;		/* LITERAL_MONEY */
	int64_t from_us, to_us; /* has_times: [from, to) of a day; an instant has both equal */
	struct duration span;	/* LITERAL_SPAN */
	struct literal *next;	/* while a list is being read */
};

/* What `~` looks for: consecutive words, or how the text begins. */
struct word {
	str folded;
	bool prefix; /* more letters may follow */
};
struct pattern {
	bool anchored; /* the text must begin with `begin` */
	str begin;     /* folded */
	bool open_end; /* anchored: anything may follow */
	struct word *words;
	size_t words_n;
};
#define PATTERN_WORDS_MAX 32

enum operand_kind { OPERAND_FIELD, OPERAND_DID, OPERAND_FIRST, OPERAND_LAST };

struct operand {
	enum operand_kind kind;
	enum rule_type type;
	str name;		    /* OPERAND_FIELD */
	const struct rule_did *did; /* the others */
};

enum compare_op {
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_IN,
	OP_NOT_IN,
	OP_BETWEEN,
	OP_HAS_ANY,
	OP_HAS_ALL,
	OP_HAS_NONE,
	OP_MATCH,
	OP_WITHIN, /* last 30d */
	OP_KNOWN,
	OP_UNKNOWN,
	OPS_N,
};

struct compare {
	struct operand of;
	enum compare_op op;
	bool or_unknown;
	const struct literal *values;
	size_t n;
	const struct literal *
		*sorted; /* the texts among the values, by folded bytes; for searching */
	size_t sorted_n;
	const struct pattern *pattern; /* OP_MATCH; values[0] is its text */
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE, NODE_MEMBER };

struct rule_part {
	enum node_kind kind;
	struct rule_part *next; /* the next in the same AND or OR */
	union {
		struct {
			struct rule_part *first, *last;
		} group; /* AND and OR: two or more, none of the same kind; NOT: one */
		struct compare compare;
		struct {
			enum rule_set set;
			str name;
		} member;
	};
};

struct rule {
	const struct rule_part *root; /* NULL: always holds */
};

/* ---- tokens ---------------------------------------------------------------------------------- */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* country, ad_spend.google, and */
	TOKEN_NAME,   /* `Job Title` */
	TOKEN_TEXT,   /* "Berlin" */
	TOKEN_NUMBER, /* begins like a number: 10k, 2026-01-31, 30d */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_MATCH,
	TOKEN_BAD, /* `why` says what is wrong with it */
};

struct token {
	enum token_kind kind;
	size_t at; /* byte offset */
	size_t end;
	str raw;	 /* as written, marks included */
	const char *why; /* TOKEN_BAD */
	size_t why_at;
};

struct parser {
	struct arena *a;
	str text;
	const struct rule_catalogue *catalogue;
	err *e;
	struct token now;
	size_t nodes;
	unsigned depth;
	bool in_where;
};

struct token lex_token(str text, size_t at);
/* Takes the marks and escapes off a TEXT or NAME token. */
bool lex_decode(struct parser *p, const struct token *t, str *s_r) MUST_CHECK;
bool token_is_word(const struct token *t, const char *word); /* in any case */
void parser_next(struct parser *p);
struct token parser_peek(const struct parser *p); /* the token after the present one */
/* Words that mean something to the language wherever a field or a bare value may stand. */
bool word_is_reserved(str word);
/* Letters, digits, _ and ., not beginning like a number: needs no backquotes. */
bool word_is_bare(str word);

/* Sets "line L, column C: ..." and returns false. Where `at` is a token that makes no sense, that
 * is said instead of what was expected there. */
bool parser_fail(struct parser *p, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool parser_nomem(struct parser *p);
/* Counts a node or a value against RULE_NODES_MAX. */
bool parser_count(struct parser *p, size_t at) MUST_CHECK;
#define QUOTED_MAX 64
/* A piece of the rule as messages show it: in quotes, cut when long; "the end" for TOKEN_END. */
const char *quoted(char text[QUOTED_MAX], str s);
const char *token_shown(char text[QUOTED_MAX], const struct token *t);

/* ---- types, values, comparisons -------------------------------------------------------------- */

bool type_allows(enum rule_type type, enum compare_op op);
const char *type_words(enum rule_type type);	 /* "a number" */
const char *type_operators(enum rule_type type); /* "=, <, in or is known" */
/* What stands left of a comparison, while it is parsed. */
struct asked {
	struct operand of;
	struct rule_field field; /* OPERAND_FIELD: with its known values */
	str shown;		 /* as messages call it */
};
bool parse_field(struct parser *p, struct asked *q_r) MUST_CHECK;
/* The nearest of `names`; an empty text when none is near. */
str nearest(str name, const str *names, size_t n);

/* False: no memory. *is_r says whether `s` is a number. */
bool decimal_parse(struct arena *a, str s, struct decimal *d_r, bool *is_r) MUST_CHECK;
/* p NULL when the arena is full. */
str decimal_print(struct arena *a, const struct decimal *d);
/* <0, 0, >0 for v / 10^digits beside `d`. */
int decimal_compare(int64_t v, int digits, const struct decimal *d);

bool parse_literal(struct parser *p, const struct asked *q, enum compare_op op,
		   struct literal *l_r) MUST_CHECK;
/* The duration after `last`; longer than nothing, at most SPAN_YEARS_MAX years. */
bool parse_span(struct parser *p, struct literal *l_r) MUST_CHECK;
#define SPAN_YEARS_MAX 1000
bool parse_compare(struct parser *p, const struct asked *q, struct compare *c_r) MUST_CHECK;
/* The tree of the text, without the check of its canonical length. */
bool parse_rule(struct parser *p, const struct rule_part **root_r) MUST_CHECK;

/* ---- folding and words ----------------------------------------------------------------------- */

/* Walks over text, case and accents folded, a code point at a time, without memory of its own. */
#define FOLD_WIDTH_MAX 24 /* the longest decomposition of one character has 18 */
struct fold {
	const unsigned char *p, *end;
	int at, n;
	int32_t queue[2 * FOLD_WIDTH_MAX];
};
#define FOLD_END (-1)
void fold_init(struct fold *f, str s);
/* The next code point, or FOLD_END. Bytes that are no UTF-8 come out above the range of Unicode, so
 * that they are equal to no text of a rule. */
int32_t fold_next(struct fold *f);
/* Folded text beside text that is folded already: <0, 0, >0, by code points. */
int fold_compare(str s, str folded);
bool fold_is_word(int32_t c);

/* Takes the text after `~` apart; `why_r` says what is wrong with it (then false, and no memory was
 * missing), or is NULL when the arena is full. */
bool pattern_parse(struct arena *a, str text, const struct pattern **p_r,
		   const char **why_r) MUST_CHECK;
bool pattern_matches(const struct pattern *p, str text);

/* ---- testing --------------------------------------------------------------------------------- */

/* How a row's value, no list, stands to a value of the rule. */
enum order { ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_NONE };
enum order match_value(value v, const struct literal *l, int64_t now_us);
/* Within the span up to now. */
bool match_within(value v, const struct literal *span, int64_t now_us);

/* Bytes of the canonical text. */
size_t print_bytes(const struct rule_part *root);

#endif
