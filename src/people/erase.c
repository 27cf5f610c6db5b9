/*
 * erase.c - a person who is erased: who they are, and what stays of what they did.
 *
 * What it is:   what the journal asks for besides forgetting and folding: everybody who is one with
 *               a profile, the words by which the person is known, and of a touch about them what
 *               it says of a deal or a company.
 * Promises:     what stays names nobody: neither the person's number, ids, values nor source; no
 *               text in which a word occurs by which they are known; no notes.
 * Threads:      as the people; erase_keeps shares nothing.
 */
#include "people/people_int.h"

#define WORD_BYTES_MIN 3
#define TEXTS_MAX      ((size_t)2000)

bool erase_ring(struct people *p, uint64_t profile, void (*each)(void *arg, uint64_t profile),
		void *arg)
{
	if (profile == 0 || profile > p->joins.parent.n ||
	    people_entity_of(p, profile) != ENTITY_PERSON)
		return false;
	uint32_t at = (uint32_t)profile;
	do {
		each(arg, at);
		at = joins_next(p, at);
	} while (at != profile);
	return true;
}

void erase_compact(struct people *p)
{
	idmap_compact(p->ids.map);
}

/* ---- words ----------------------------------------------------------------------------------- */

struct words {
	struct arena *a;
	VEC(str) list;
	err *e;
};

static bool is_letter(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') ||
	       (u >= 'A' && u <= 'Z');
}

static bool put_word(struct words *w, str word)
{
	for (size_t i = 0; i < w->list.n; i++) {
		if (str_eq_nocase(w->list.items[i], word))
			return true;
	}
	str copy = str_dup(w->a, word);
	if (!copy.p)
		return arena_err(w->a, w->e);
	return w->list.n >= TEXTS_MAX || vec_push(&w->list, copy) || err_nomem(w->e);
}

static bool put_words(struct words *w, str text)
{
	for (size_t from = 0; from < text.n;) {
		size_t to = from;
		while (to < text.n && is_letter(text.p[to]))
			to++;
		if (to - from >= WORD_BYTES_MIN && !put_word(w, str_make(text.p + from, to - from)))
			return false;
		from = to + 1;
	}
	return true;
}

bool erase_texts(struct people *p, const uint64_t *profiles, size_t n, struct arena *a,
		 const str **texts_r, size_t *texts_n_r, err *e)
{
	struct words w = { .a = a, .e = e };
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		struct profile_id id;
		struct cell_state *cells;
		size_t cells_n;
		ok = ids_of_profile(p, profiles[i], a, &id, e) &&
		     cells_get(p, (uint32_t)profiles[i], a, &cells, &cells_n, e) &&
		     put_words(&w, id.value);
		for (size_t k = 0; ok && k < cells_n; k++) {
			bool words = cells[k].value.kind == VALUE_TEXT &&
				     !str_starts(cells[k].key, S("stage")) &&
				     !str_starts(cells[k].key, S("consent."));
			ok = !words || put_words(&w, cells[k].value.text);
		}
	}
	str *texts = ok ? ARENA_ARRAY(a, str, w.list.n) : NULL;
	for (size_t i = 0; texts && i < w.list.n; i++)
		texts[i] = w.list.items[i];
	*texts_n_r = w.list.n;
	*texts_r = texts;
	vec_free(&w.list);
	return ok && (texts || arena_err(a, e));
}

/* ---- what stays ------------------------------------------------------------------------------ */

static bool names_them(str text, const str *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_holds_nocase(text, texts[i]))
			return true;
	}
	return false;
}

/* Words of the product's own, whatever the person is called. */
static bool is_own_word(str key)
{
	static const str KEYS[] = { S("stage"), S("pipeline"), S("type"), S("status"), S("kind") };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		if (str_eq(key, KEYS[i]))
			return true;
	}
	return false;
}

static bool is_free_text(str key)
{
	static const str KEYS[] = { S("note"), S("text"), S("body"), S("comment"), S("subject") };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		if (str_eq(key, KEYS[i]))
			return true;
	}
	return false;
}

static bool stays(const struct prop *prop, const str *texts, size_t n)
{
	if (prop->value.kind == VALUE_LIST)
		return false;
	if (prop->value.kind != VALUE_TEXT)
		return !str_starts(prop->key, S("person"));
	return is_own_word(prop->key) ||
	       (!is_free_text(prop->key) && !names_them(prop->value.text, texts, n) &&
		!names_them(prop->key, texts, n));
}

bool erase_keeps(const struct touch *t, const str *texts, size_t n, struct arena *a,
		 struct touch *kept_r, bool *keeps_r, err *e)
{
	struct arena scratch CLEANUP(arena_fini);
	struct cell_state *cells;
	size_t deal_n = 0, company_n = 0, kept_n = 0;
	arena_init(&scratch, MIB);
	*keeps_r = false;
	/* Without the person it would be the company's own stage. */
	if ((!t->deal && !t->company) || str_eq(t->name, S("stage_entered")))
		return true;
	struct prop *props = ARENA_ARRAY(a, struct prop, t->props_n);
	if (!props)
		return arena_err(a, e);
	for (size_t i = 0; i < t->props_n; i++) {
		if (stays(&t->props[i], texts, n))
			props[kept_n++] = t->props[i];
	}
	*kept_r = (struct touch){ .name = t->name,
				  .at_us = t->at_us,
				  .company = t->company,
				  .deal = t->deal,
				  .props = props,
				  .props_n = kept_n,
				  .import = t->import,
				  .rule = t->rule,
				  .by = t->by,
				  .fill = t->fill };
	if (t->deal && !fold_cells(kept_r, ENTITY_DEAL, &scratch, &cells, &deal_n, e))
		return false;
	if (t->company && !fold_cells(kept_r, ENTITY_COMPANY, &scratch, &cells, &company_n, e))
		return false;
	*keeps_r = deal_n + company_n > 0;
	return true;
}
