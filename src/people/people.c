/*
 * people.c - the parts of people/ as one thing that the journal drives.
 *
 * What it is:   opening and closing; what a touch changes; what is written, and when.
 * Promises:     joining (who is who) takes effect at once, also for imports that are still open,
 * since later rows of the same file need it; folding (counts and values) only when visible. A sweep
 * writes everything that was dirty when it began, in key order, in slices. Threads:      one.
 */
#include "people/people_int.h"

#include "base/mem.h"

#define PREPARE_AHEAD	       128
#define READER_CELLS_BYTES_MAX (32 * MIB)

static void people_close_hook(struct people **pp)
{
	struct people *p = *pp;
	if (!p)
		return;
	rules_close(p);
	cells_close(p);
	traits_close(p);
	origins_close(p);
	counts_close(p);
	joins_close(p);
	ids_close(p);
	vec_free(&p->import_seen);
	for (size_t i = 0; i < p->timers.n; i++)
		mem_free((void *)(uintptr_t)p->timers.items[i].payload.p);
	vec_free(&p->timers);
	arena_fini(&p->scratch);
	mem_free(p);
	*pp = NULL;
}

static bool nothing_hidden(void *arg, uint64_t import)
{
	(void)arg;
	(void)import;
	return false;
}

static bool people_open_hook(const struct hooks_env *env, struct people **p_r, err *e)
{
	struct people *p = mem_zalloc(1, sizeof *p);
	if (!p)
		return err_nomem(e);
	p->ledger = env->ledger;
	p->read_only = env->read_only || env->empty || env->rehearse;
	p->import_hidden = env->import_hidden ? env->import_hidden : nothing_hidden;
	p->touch_hidden = env->touch_hidden ? env->touch_hidden : nothing_hidden;
	p->import_arg = env->arg;
	p->ids_per_kind_max = PEOPLE_IDS_PER_KIND_MAX;
	p->ids_max = PEOPLE_IDS_MAX;
	arena_init(&p->scratch, 64 * MIB);
	if (!origins_open(p, env, e) || !traits_open(p, env, e) || !ids_open(p, env, e) ||
	    !joins_open(p, env, e) || !counts_open(p, env, e) || !cells_open(p, env, e)) {
		people_close_hook(&p);
		return false;
	}
	*p_r = p;
	return true;
}

/* ---- what a touch changes -------------------------------------------------------------------- */

static bool join_from_touch(struct people *p, const struct touch *t, err *e)
{
	uint64_t subject = t->person ? t->person : t->company;
	value profile = touch_prop(t, S("profile")), device = touch_prop(t, S("device"));
	value refused = touch_prop(t, S("refused")), why = touch_prop(t, S("why"));
	if (profile.kind == VALUE_NONE && device.kind == VALUE_NONE)
		return true; /* an alias as it was sent: what was decided about it follows */
	uint64_t all = p->ids.kinds.n;
	int64_t other = profile.kind == VALUE_INT  ? profile.i
			: device.kind == VALUE_INT ? device.i
						   : 0;
	if (subject == 0 || subject > all || other <= 0 || (uint64_t)other > all)
		return err_set(e, ERR_CORRUPT, "touch %llu joins profiles that do not exist",
			       (unsigned long long)t->seq);
	if (device.kind == VALUE_INT) {
		struct device_owner o = { .from_us = t->at_us,
					  .tie = t->tie,
					  .seq = t->seq,
					  .import = t->import,
					  .profile = (uint32_t)subject };
		return joins_add_owner(p, (uint32_t)other, &o, e);
	}
	struct edge edge = { .seq = t->seq,
			     .import = t->import,
			     .at_us = t->at_us,
			     .a = (uint32_t)subject,
			     .b = (uint32_t)other,
			     .refused = refused.kind != VALUE_NONE };
	for (size_t i = 0; i < JOIN_WHY_N; i++) {
		if (why.kind == VALUE_TEXT &&
		    str_eq(why.text, str_of(join_why_text((enum join_why)i))))
			edge.why = (uint8_t)i;
	}
	return joins_add(p, &edge, e);
}

/* Whom an import has said something of: its later rows find them known. */
static bool note_seen(struct people *p, const struct touch *t, err *e)
{
	const uint64_t about[] = { t->person, t->company, t->deal };
	while (p->import_seen.n < p->ids.kinds.n) {
		if (!vec_push(&p->import_seen, 0))
			return err_nomem(e);
	}
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		if (about[i] && about[i] <= p->import_seen.n)
			p->import_seen.items[about[i] - 1] = t->import;
	}
	return true;
}

static bool people_join(struct people *p, const struct touch *t, err *e)
{
	p->applied_seq = MAX(p->applied_seq, t->seq);
	if (str_eq(t->name, S("person_identified")) || str_eq(t->name, S("person_merged")) ||
	    str_eq(t->name, S("company_identified")))
		return join_from_touch(p, t, e);
	if (str_eq(t->name, S("person_unmerged")) && p->touch_hidden(p->import_arg, t->seq))
		return true;
	if (str_eq(t->name, S("person_unmerged")) && t->person && t->person <= p->joins.parent.n)
		return joins_cut(p, (uint32_t)t->person, t->seq, e);
	return !t->import || note_seen(p, t, e);
}

static bool fold_values(struct people *p, uint64_t profile, enum entity about,
			const struct touch *t, err *e)
{
	struct cell_state *set;
	size_t n;
	arena_reset(&p->scratch);
	if (!fold_cells(t, about, &p->scratch, &set, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!traits_note(p, about, set[i].key, e))
			return false;
	}
	bool urgent = t->import == 0;
	return n == 0 || cells_merge(p, (uint32_t)profile, set, n, urgent, e);
}

/* `t` says what happened, `part` into which of its subjects it is folded. */
static bool people_refold(struct people *p, const struct touch *t, const struct touch *part,
			  uint64_t effect_seq, err *e)
{
	p->applied_seq = MAX(p->applied_seq, effect_seq);
	if (touch_is_bookkeeping(t->name))
		return true;
	const uint64_t about[] = { part->person, part->company, part->deal };
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		if (about[i] > p->ids.kinds.n)
			return err_set(e, ERR_CORRUPT, "touch %llu is about nobody known",
				       (unsigned long long)t->seq);
		if (about[i] == 0)
			continue;
		if (!counts_fold(p, (uint32_t)about[i], t, effect_seq, e) ||
		    !fold_values(p, about[i], (enum entity)i, t, e) ||
		    !rules_watch(p, (uint32_t)about[i], (enum entity)i, t, e))
			return false;
	}
	return true;
}

static bool people_fold(struct people *p, const struct touch *t, uint64_t effect_seq, err *e)
{
	return people_refold(p, t, t, effect_seq, e);
}

static bool people_react(struct people *p, const struct touch *t, struct arena *a,
			 struct decided *d, err *e)
{
	return follows_react(p, t, a, d, e) && rules_react(p, t, a, d, e);
}

static bool people_watch(struct people *p, const struct touch *t, err *e)
{
	return !t->person || rules_watch(p, (uint32_t)t->person, ENTITY_PERSON, t, e);
}

static bool people_forget(struct people *p, const struct map64 *profiles, err *e)
{
	uint64_t profile, ignored;
	for (size_t at = 0; map64_next(profiles, &at, &profile, &ignored);) {
		if (!counts_forget(p, (uint32_t)profile, e) ||
		    !cells_forget(p, (uint32_t)profile, e))
			return false;
	}
	return true;
}

/* The strongest id of an intake, as the map knows it; false: it has none that is looked up ahead.
 */
static bool key_ahead(const struct intake *in, struct hash128 *key_r)
{
	if (in->user_id.n)
		*key_r = id_key(ID_USER, S(""), in->user_id);
	else if (in->anonymous_id.n)
		*key_r = id_key(ID_ANONYMOUS, S(""), in->anonymous_id);
	else
		return false;
	return true;
}

/* Among a million people nothing of a touch is in the cache: where the next touches' ids and counts
 * lie is fetched while the first are worked on. */
static void people_prepare(struct people *p, const struct intake *items, size_t n)
{
	struct hash128 keys[PREPARE_AHEAD];
	bool wanted[PREPARE_AHEAD];
	for (size_t from = 0; from < n; from += PREPARE_AHEAD) {
		size_t some = MIN(n - from, (size_t)PREPARE_AHEAD);
		for (size_t i = 0; i < some; i++) {
			wanted[i] = key_ahead(&items[from + i], &keys[i]);
			if (wanted[i])
				idmap_prefetch(p->ids.map, keys[i]);
		}
		for (size_t i = 0; i < some; i++) {
			uint64_t profile;
			bool found = false;
			err ignored; /* said when the touch itself is decided */
			if (!wanted[i] ||
			    !idmap_get(p->ids.map, keys[i], &profile, &found, &ignored) || !found)
				continue;
			__builtin_prefetch(&p->joins.parent.items[profile - 1]);
			__builtin_prefetch(&p->joins.next.items[profile - 1]);
			counts_prefetch(p, (uint32_t)profile);
		}
	}
}

/* ---- what is written ------------------------------------------------------------------------- */

static bool people_changes(struct people *p, struct writeback *wb, err *e)
{
	for (size_t i = 0; i < p->timers.n; i++) {
		if (!vec_push(&wb->timers, p->timers.items[i]))
			return err_nomem(e);
	}
	return origins_changes(p, wb, e) && traits_changes(p, wb, e) && joins_changes(p, wb, e) &&
	       cells_changes(p, wb, e) && ids_runs_changes(p, wb, false, e);
}

static void people_sweep_begin(struct people *p, uint64_t seq)
{
	p->sweep_seq = seq;
	p->sweep_block = 0;
	p->sweep_blocks = (p->ids.kinds.n + BLOCK_PROFILES - 1) / BLOCK_PROFILES;
	cells_sweep_begin(p);
}

static uint64_t people_swept_seq(const struct people *p)
{
	return p->sweep_seq;
}

static bool people_sweep(struct people *p, double share, struct writeback *wb, bool *done_r, err *e)
{
	uint64_t upto = share >= 1 ? p->sweep_blocks : (uint64_t)(share * (double)p->sweep_blocks);
	bool cells_done;
	if (upto > p->sweep_block) {
		if (!ids_changes(p, wb, p->sweep_block, upto, e) ||
		    !counts_changes(p, wb, p->sweep_block, upto, e))
			return false;
		p->sweep_block = upto;
	}
	if (!cells_sweep(p, share, wb, &cells_done, e))
		return false;
	*done_r = cells_done && p->sweep_block >= p->sweep_blocks;
	if (*done_r && p->cells.bytes > CELLS_HELD_BYTES_MAX)
		cells_drop_clean(p);
	if (*done_r)
		ids_drop_clean(p);
	return true;
}

static bool people_is_dirty(const struct people *p)
{
	if (p->counts.dirty_n || p->cells.dirty_n)
		return true;
	uint64_t last = p->ids.blocks.n;
	for (uint64_t i = last > 64 ? last - 64 : 0; i < last; i++) {
		if (p->ids.blocks.items[i] && p->ids.blocks.items[i]->dirty)
			return true;
	}
	return false;
}

static void people_committed(struct people *p)
{
	for (size_t i = 0; i < p->timers.n; i++)
		mem_free((void *)(uintptr_t)p->timers.items[i].payload.p);
	vec_clear(&p->timers);
	joins_committed(p);
	ids_committed(p);
}

static bool people_flush(struct people *p, struct writeback *wb, err *e)
{
	return ids_runs_changes(p, wb, true, e);
}

static uint64_t people_next_of(const struct people *p, uint64_t profile)
{
	return joins_next(p, (uint32_t)profile);
}

static uint64_t people_device_owner(const struct people *p, uint64_t device, size_t i)
{
	return joins_device_owner_at(p, (uint32_t)device, i);
}

static void people_settle(struct people *p)
{
	cells_settle(p);
	ids_settle(p, p->settle_profiles);
	p->settle_profiles = p->ids.kinds.n;
	if (p->cells.bytes > READER_CELLS_BYTES_MAX)
		cells_drop_clean(p);
}

static uint64_t people_flushed_ids_seq(const struct people *p)
{
	return p->ids.flushed_seq;
}

const struct journal_hooks journal_hooks = {
	.open = people_open_hook,
	.close = people_close_hook,
	.prepare = people_prepare,
	.decide = people_decide,
	.react = people_react,
	.timer = rules_timer,
	.add_id = ids_add,
	.join = people_join,
	.fold = people_fold,
	.refold = people_refold,
	.only_counts = people_only_counts,
	.fold_segment = people_fold_segment,
	.rejoin = joins_rebuild,
	.forget = people_forget,
	.write_now = undo_write_now,
	.reload = undo_reload,
	.recut = joins_recut,
	.ring = erase_ring,
	.texts = erase_texts,
	.keeps = erase_keeps,
	.erase = ids_erase,
	.compact = erase_compact,
	.buyers = retain_buyers,
	.leaves = retain_leaves,
	.effects = undo_effects,
	.sets = undo_sets,
	.configure = rules_configure,
	.profiles = people_profiles,
	.subject_of = people_subject_of,
	.next_of = people_next_of,
	.device_owner = people_device_owner,
	.settle = people_settle,
	.watch = people_watch,
	.changes = people_changes,
	.sweep = people_sweep,
	.sweep_begin = people_sweep_begin,
	.swept_seq = people_swept_seq,
	.is_dirty = people_is_dirty,
	.committed = people_committed,
	.flush = people_flush,
	.flushed_ids_seq = people_flushed_ids_seq,
	.compare = people_compare,
};
