/*
 * rules.c - what is agreed, from the configuration.
 *
 * What it is:   lists of words ("stages", "reasons.loss") with the defaults of the domain, and the
 *               users who can own a lead.
 * Threads:      nothing shared.
 */
#include "sales/sales_int.h"

#include "base/num.h"
#include "io/json.h"

#define CONFIG_BYTES_MAX (64 * KIB)

/* English words are the keys under which reasons are counted; screens translate the known ones. */
#define DEAL_STAGES_DEFAULT "prospecting, evaluation, commitment"
#define DISQUALIFY_DEFAULT                                                                         \
	"no fit, no need, no budget, no authority, timing, too small, not reachable, competitor, " \
	"student or applicant, other"
#define LOSS_DEFAULT                                                                               \
	"chose a competitor, wants more time, content with what they have, price, no budget, "     \
	"no decision, not reachable, no fit, other"
#define OUTCOMES_DEFAULT "reached, no answer, left a message, call back, wrong number, declined"

bool sales_words_parse(str text, struct arena *a, struct sales_words *words_r, err *e)
{
	str *items = ARENA_ARRAY(a, str, SALES_WORDS_MAX);
	str rest = str_dup(a, text), part;
	size_t n = 0;
	if (!items || (text.n && !rest.p))
		return arena_err(a, e);
	while (str_next(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.n && n < SALES_WORDS_MAX)
			items[n++] = part;
	}
	*words_r = (struct sales_words){ items, n };
	return true;
}

bool sales_has_word(const struct sales_words *words, str word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (str_eq(words->items[i], word))
			return true;
	}
	return false;
}

struct loading {
	struct arena *a;
	struct sales_rules *r;
	struct json_parser *parser;
	struct sales_owner *owners;
	err *e;
	bool failed;
};

/* Who has an account and is not locked out can own something. */
static bool load_user(struct loading *l, str name, str text)
{
	uint64_t user;
	const struct json *doc;
	err ignored; /* said when users are read for signing in */
	if (!num_parse_u64(str_sub(name, 5, name.n), &user) || l->r->owners_n == SALES_OWNERS_MAX ||
	    !json_parse(l->parser, text, l->a, &doc, &ignored))
		return true;
	const struct json *disabled = json_get(doc, S("disabled"));
	str shown = json_text_of(doc, S("name"));
	if (shown.n == 0 || (disabled && disabled->kind == JSON_BOOL && disabled->b))
		return true;
	l->owners[l->r->owners_n++] = (struct sales_owner){ user, str_dup(l->a, shown) };
	return true;
}

static bool load_one(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct loading *l = arg;
	struct sales_rules *r = l->r;
	const struct {
		str name;
		struct sales_words *words;
	} LISTS[] = {
		{ S("stages"), &r->stages },
		{ S("deal_stages"), &r->deal_stages },
		{ S("reasons.disqualify"), &r->disqualify },
		{ S("reasons.loss"), &r->loss },
		{ S("call_outcomes"), &r->outcomes },
	};
	(void)from_seq, (void)from_us, (void)by;
	for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
		if (str_eq(name, LISTS[i].name))
			l->failed |= !sales_words_parse(text, l->a, LISTS[i].words, l->e);
	}
	if (str_starts(name, S("user.")))
		return load_user(l, name, text);
	const struct json *doc;
	err ignored; /* the settings say so when they are opened */
	if (str_eq(name, S("workspace")) && json_parse(l->parser, text, l->a, &doc, &ignored)) {
		str currency = json_text_of(doc, S("currency"));
		for (size_t i = 0; currency.n == 3 && i < 3; i++)
			r->currency[i] = currency.p[i];
	}
	return !l->failed;
}

bool sales_rules_load(struct snapshot *s, struct arena *a, struct sales_rules *r_r, err *e)
{
	struct sales_rules r = { .currency = "EUR" };
	struct loading l = { .a = a, .r = &r, .e = e };
	l.owners = ARENA_ARRAY(a, struct sales_owner, SALES_OWNERS_MAX);
	if (!l.owners)
		return arena_err(a, e);
	if (!sales_words_parse(S(STAGES_DEFAULT), a, &r.stages, e) ||
	    !sales_words_parse(S(DEAL_STAGES_DEFAULT), a, &r.deal_stages, e) ||
	    !sales_words_parse(S(DISQUALIFY_DEFAULT), a, &r.disqualify, e) ||
	    !sales_words_parse(S(LOSS_DEFAULT), a, &r.loss, e) ||
	    !sales_words_parse(S(OUTCOMES_DEFAULT), a, &r.outcomes, e) ||
	    !json_parser_new(&l.parser, CONFIG_BYTES_MAX, e))
		return false;
	bool ok = snapshot_config_each(s, load_one, &l, e) && !l.failed;
	json_parser_free(&l.parser);
	r.owners = l.owners;
	*r_r = r;
	return ok && (!a->over || arena_err(a, e));
}
