/*
 * act.c - the actions: accept, disqualify, move, call, win …
 *
 * What it is:   one table. A row says which touch an action is, and which fields it takes; the few
 *               that depend on how things stand have a check of their own.
 * Promises:     an action that changes nothing is refused, so that a double click is one touch.
 */
#include "sales/sales_int.h"

#define ACTION_FIELDS_MAX 4

struct action {
	enum entity entity;
	const char *name;
	const char *touch;
	const char *stage;			/* that it sets; NULL: none, or a field */
	struct field fields[ACTION_FIELDS_MAX]; /* ends with a NULL name */
	bool (*check)(struct making *m);	/* how things stand; NULL: any way */
	bool from;				/* tells the stage before */
};

static value now_of(const struct making *m, const char *key)
{
	return subject_cell(&m->view, str_of(key));
}

static bool text_is(value v, str text)
{
	return v.kind == VALUE_TEXT && str_eq(v.text, text);
}

static size_t place_of(const struct sales_words *line, str stage)
{
	for (size_t i = 0; i < line->n; i++) {
		if (str_eq_nocase(line->items[i], stage))
			return i;
	}
	return SIZE_MAX;
}

static bool may_accept(struct making *m)
{
	const struct sales_words *line = &m->q->rules->stages;
	value stage = now_of(m, "stage");
	size_t sal = place_of(line, S("sal"));
	size_t now = stage.kind == VALUE_TEXT ? place_of(line, stage.text) : SIZE_MAX;
	if (sal == SIZE_MAX)
		return err_set(m->e, ERR_CONFLICT,
			       "the line has no stage \"sal\": move the stage instead");
	if (now != SIZE_MAX && now >= sal)
		return err_set(m->e, ERR_CONFLICT, "sales accepted this lead already: it is %.*s",
			       STR_ARG(stage.text));
	return true;
}

static bool may_disqualify(struct making *m)
{
	struct subject_exit x = subject_exit_of(&m->view);
	return !str_eq(x.kind, S("disqualified")) ||
	       err_set(m->e, ERR_CONFLICT, "this lead is disqualified already");
}

static bool may_move(struct making *m)
{
	value to, now = now_of(m, "stage");
	bool out = m->q->entity == ENTITY_PERSON && subject_exit_of(&m->view).kind.n;
	if (!making_given(m, "stage", &to) || out || now.kind != VALUE_TEXT ||
	    to.kind != VALUE_TEXT || !str_eq_nocase(now.text, to.text))
		return true;
	return err_set(m->e, ERR_CONFLICT, "it is in stage %.*s already", STR_ARG(now.text));
}

static bool may_win(struct making *m)
{
	return !text_is(now_of(m, "status"), S("won")) ||
	       err_set(m->e, ERR_CONFLICT, "this deal is won already");
}

static bool may_lose(struct making *m)
{
	value reason, competitor;
	if (text_is(now_of(m, "status"), S("lost")))
		return err_set(m->e, ERR_CONFLICT, "this deal is lost already");
	bool to_rival = making_given(m, "reason", &reason) &&
			text_is(reason, S("chose a competitor"));
	return to_rival || !making_given(m, "competitor", &competitor) ||
	       making_fault(m, S("competitor"),
			    "belongs to the reason \"chose a competitor\" alone");
}

static bool may_unlink(struct making *m)
{
	struct deal_person *people;
	size_t n;
	value person;
	if (!deal_people(m->q->people, &m->view, m->a, &people, &n, m->e))
		return false;
	bool linked = false;
	for (size_t i = 0; making_given(m, "person", &person) && i < n; i++)
		linked |= person.kind == VALUE_INT && people[i].role.n &&
			  (int64_t)people[i].person == person.i;
	return linked || making_fault(m, S("person"), "has no role in this deal");
}

static bool may_link(struct making *m)
{
	struct deal_person *people;
	size_t n;
	if (!deal_people(m->q->people, &m->view, m->a, &people, &n, m->e))
		return false;
	return n < DEAL_PEOPLE_MAX ||
	       err_set(m->e, ERR_LIMIT, "a deal has %d people at most", DEAL_PEOPLE_MAX);
}

#define OWNER                                                                                      \
	{                                                                                          \
		.name = "owner", .kind = FIELD_OWNER, .required = true, .removable = true          \
	}
#define TEXT                                                                                       \
	{                                                                                          \
		.name = "text", .kind = FIELD_NOTE                                                 \
	}
#define NOTE                                                                                       \
	{                                                                                          \
		.name = "text", .kind = FIELD_NOTE, .required = true                               \
	}
#define OUTCOME                                                                                    \
	{                                                                                          \
		.name = "outcome", .kind = FIELD_OUTCOME, .required = true                         \
	}
#define REASON                                                                                     \
	{                                                                                          \
		.name = "reason", .kind = FIELD_LINE                                               \
	}

/* In the order in which screens show them. */
static const struct action ACTIONS[] = {
	{ ENTITY_PERSON, "accept", "lead_accepted", .fields = { REASON }, .check = may_accept,
	  .from = true },
	{ ENTITY_PERSON, "disqualify", "lead_disqualified",
	  .fields = { { .name = "reason", .kind = FIELD_DISQUALIFY, .required = true }, TEXT },
	  .check = may_disqualify, .from = true },
	{ ENTITY_PERSON, "recycle", "lead_recycled",
	  .fields = { { .name = "until", .kind = FIELD_COMING, .required = true }, REASON, TEXT },
	  .from = true },
	{ ENTITY_PERSON, "stage", "stage_entered",
	  .fields = { { .name = "stage", .kind = FIELD_STAGE, .required = true },
		      { .name = "reason", .kind = FIELD_LINE, .required = true } },
	  .check = may_move, .from = true },
	{ ENTITY_PERSON, "owner", "person_updated", .fields = { OWNER } },
	{ ENTITY_PERSON, "note", "note_written", .fields = { NOTE } },
	{ ENTITY_PERSON, "call", "call_made", .fields = { OUTCOME, TEXT } },
	{ ENTITY_COMPANY, "owner", "company_updated", .fields = { OWNER } },
	{ ENTITY_COMPANY, "note", "note_written", .fields = { NOTE } },
	{ ENTITY_COMPANY, "call", "call_made", .fields = { OUTCOME, TEXT } },
	{ ENTITY_DEAL, "stage", "deal_stage_entered",
	  .fields = { { .name = "stage", .kind = FIELD_DEAL_STAGE, .required = true }, REASON },
	  .check = may_move, .from = true },
	{ ENTITY_DEAL, "amount", "deal_updated",
	  .fields = { { .name = "amount",
			.kind = FIELD_MONEY,
			.required = true,
			.removable = true } } },
	{ ENTITY_DEAL, "close_date", "deal_updated",
	  .fields = { { .name = "close_date",
			.kind = FIELD_DATE,
			.required = true,
			.removable = true } } },
	{ ENTITY_DEAL, "next_step", "deal_updated",
	  .fields = { { .name = "next_step",
			.kind = FIELD_LINE,
			.required = true,
			.removable = true },
		      { .name = "next_step_at", .kind = FIELD_DATE, .removable = true } } },
	{ ENTITY_DEAL, "owner", "deal_updated", .fields = { OWNER } },
	{ ENTITY_DEAL, "note", "note_written", .fields = { NOTE } },
	{ ENTITY_DEAL, "call", "call_made", .fields = { OUTCOME, TEXT } },
	{ ENTITY_DEAL, "won", "deal_won", .stage = "won",
	  .fields = { { .name = "amount", .kind = FIELD_MONEY },
		      { .name = "text", .key = "won_note", .kind = FIELD_NOTE } },
	  .check = may_win, .from = true },
	{ ENTITY_DEAL, "lost", "deal_lost", .stage = "lost",
	  .fields = { { .name = "reason",
			.key = "loss_reason",
			.kind = FIELD_LOSS,
			.required = true },
		      { .name = "competitor", .kind = FIELD_NAME },
		      { .name = "text", .key = "loss_note", .kind = FIELD_NOTE } },
	  .check = may_lose, .from = true },
	{ ENTITY_DEAL, "link", "deal_person_linked",
	  .fields = { { .name = "person", .kind = FIELD_PERSON, .required = true },
		      { .name = "role", .kind = FIELD_NAME, .required = true } },
	  .check = may_link },
	{ ENTITY_DEAL, "unlink", "deal_person_unlinked",
	  .fields = { { .name = "person", .kind = FIELD_PERSON, .required = true } },
	  .check = may_unlink },
};

size_t sales_actions(enum entity entity, str actions_r[static 16])
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(ACTIONS) && n < 16; i++) {
		if (ACTIONS[i].entity == entity)
			actions_r[n++] = str_of(ACTIONS[i].name);
	}
	return n;
}

static const struct action *action_find(enum entity entity, str name)
{
	for (size_t i = 0; i < ARRAY_LEN(ACTIONS); i++) {
		if (ACTIONS[i].entity == entity && str_eq(name, str_of(ACTIONS[i].name)))
			return &ACTIONS[i];
	}
	return NULL;
}

/* Whom the touch is about besides the deal is its own number, not a value of the deal. */
static void lift_person(struct making *m, struct intake *in)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->props_n; i++) {
		if (str_eq(m->props[i].key, S("person")))
			in->person = (uint64_t)m->props[i].value.i;
		else
			m->props[kept++] = m->props[i];
	}
	in->props_n = m->props_n = kept;
}

bool sales_act(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
	       err *e)
{
	struct making m;
	const struct action *act = action_find(q->entity, q->action);
	if (!making_init(&m, q, a, field_r, e))
		return false;
	if (!act)
		return making_fault(&m, S("action"), "is none of those there are");
	if (!making_refuse_others(&m, act->fields))
		return false;
	if (act->stage)
		making_put(&m, S("stage"), value_text(str_of(act->stage)));
	for (const struct field *f = act->fields; f < act->fields + ACTION_FIELDS_MAX && f->name;
	     f++) {
		if (!making_take(&m, f))
			return false;
	}
	if (act->check && !act->check(&m))
		return false;
	value from = now_of(&m, "stage");
	if (act->from && from.kind == VALUE_TEXT)
		making_put(&m, S("from"), from);
	struct intake *in = ARENA_NEW(a, struct intake);
	if (!in)
		return arena_err(a, e);
	*in = making_touch(&m, str_of(act->touch));
	if (q->entity == ENTITY_DEAL)
		lift_person(&m, in);
	*d_r = (struct sales_deed){ in, 1 };
	return true;
}
