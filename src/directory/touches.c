/*
 * touches.c - touches by number, in columns.
 *
 * What it is:   of every touch whose it is, what and when, 14 bytes; beside them, sorted by number,
 *               those about companies and deals. A journey finds its touches by one pass over the
 *               profiles (four milliseconds for ten million), a rule with did(...) by one over the
 *               names.
 * Promises:     touches of imports that are open or undone are held and marked as hidden.
 * Threads:      under the directory's lock, writing, in pieces of CHUNK touches.
 */
#include "directory/directory_int.h"

#define CHUNK		   100000
#define NAMES_BYTES_MAX	   (16 * MIB)
#define TOUCHES_NUMBER_MAX UINT32_MAX

void touches_init(struct touches *t)
{
	*t = (struct touches){ 0 };
	arena_init(&t->texts, NAMES_BYTES_MAX);
}

void touches_fini(struct touches *t)
{
	vec_free(&t->person);
	vec_free(&t->name);
	vec_free(&t->at_us);
	vec_free(&t->hidden);
	vec_free(&t->companies);
	vec_free(&t->deals);
	vec_free(&t->name_list);
	map_fini(&t->names);
	arena_fini(&t->texts);
}

uint64_t touches_bytes(const struct touches *t)
{
	return t->person.cap * sizeof *t->person.items + t->name.cap * sizeof *t->name.items +
	       t->at_us.cap * sizeof *t->at_us.items + t->hidden.cap * sizeof *t->hidden.items +
	       (t->companies.cap + t->deals.cap) * sizeof(struct about);
}

uint16_t touches_name(const struct touches *t, str name)
{
	uint64_t code;
	if (map_get(&t->names, name, &code))
		return (uint16_t)code;
	return t->name_list.n >= NAMES_MAX ? NAME_ELSE : NAME_NONE;
}

static bool name_add(struct touches *t, str name, uint16_t *code_r, err *e)
{
	*code_r = touches_name(t, name);
	if (*code_r != NAME_NONE)
		return true;
	str kept = str_dup(&t->texts, name);
	if (name.n && !kept.p) {
		*code_r = NAME_ELSE;
		return true;
	}
	if (!vec_push(&t->name_list, kept) || !map_put(&t->names, kept, t->name_list.n))
		return err_nomem(e);
	*code_r = (uint16_t)t->name_list.n;
	return true;
}

/* Equal names of one record are the same bytes, so most are known by their place. The cache is
 * emptied with each scan, since other records come to lie where these were. */
static bool name_code(struct touches *t, str name, uint16_t *code_r, err *e)
{
	size_t at = ((uintptr_t)name.p >> 2) % ARRAY_LEN(t->cache_p);
	if (t->cache_p[at] == name.p && t->cache_n[at] == name.n &&
	    (t->cache_code[at] == NAME_ELSE ||
	     str_eq(t->name_list.items[t->cache_code[at] - 1], name))) {
		*code_r = t->cache_code[at];
		return true;
	}
	if (!name_add(t, name, code_r, e))
		return false;
	t->cache_p[at] = name.p;
	t->cache_n[at] = name.n;
	t->cache_code[at] = *code_r;
	return true;
}

bool touches_append(struct touches *t, const struct touch_head *h, uint16_t *code_r, err *e)
{
	size_t row = t->person.n;
	if (h->seq > TOUCHES_NUMBER_MAX || h->person > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "more touches than can be held in memory");
	if (!name_code(t, h->name, code_r, e))
		return false;
	if (h->seq != t->seq + 1)
		return true; /* not in turn: it comes with the walk that catches up */
	if ((row % 64 == 0 && !vec_push(&t->hidden, 0)) ||
	    !vec_push(&t->person, (uint32_t)h->person) || !vec_push(&t->name, *code_r) ||
	    !vec_push(&t->at_us, h->at_us) ||
	    (h->company &&
	     !vec_push(&t->companies, (struct about){ (uint32_t)h->seq, (uint32_t)h->company })) ||
	    (h->deal &&
	     !vec_push(&t->deals, (struct about){ (uint32_t)h->seq, (uint32_t)h->deal })))
		return err_nomem(e);
	if (h->hidden)
		t->hidden.items[row / 64] |= UINT64_C(1) << (row % 64);
	t->seq = h->seq;
	return true;
}

struct following {
	struct touches *t;
	err *e;
	bool failed;
};

static bool follow_head(void *arg, const struct touch_head *h)
{
	struct following *f = arg;
	uint16_t code;
	f->failed = !touches_append(f->t, h, &code, f->e);
	return !f->failed;
}

bool touches_follow(struct directory *d, struct snapshot *s, uint64_t to_seq, err *e)
{
	struct touches *t = &d->touches;
	bool ok = true;
	for (bool more = true; ok && more;) {
		struct following f = { .t = t, .e = e };
		rwlock_write(&d->lock);
		if (t->seq < to_seq)
			ok = snapshot_heads(s, t->seq + 1, MIN(to_seq, t->seq + CHUNK), follow_head,
					    &f, e) &&
			     !f.failed;
		more = t->seq < to_seq;
		rwlock_unlock(&d->lock);
	}
	return ok;
}

void touches_hide(struct touches *t, uint64_t seq, bool hidden)
{
	if (seq == 0 || seq > t->seq)
		return;
	uint64_t bit = UINT64_C(1) << ((seq - 1) % 64);
	uint64_t *word = &t->hidden.items[(seq - 1) / 64];
	*word = hidden ? *word | bit : *word & ~bit;
}

static bool again_head(void *arg, const struct touch_head *h)
{
	struct following *f = arg;
	touches_hide(f->t, h->seq, h->hidden);
	return h->seq <= f->t->seq;
}

bool touches_again(struct directory *d, struct snapshot *s, uint64_t from_seq, uint64_t to_seq,
		   err *e)
{
	struct following f = { .t = &d->touches, .e = e };
	return snapshot_heads(s, from_seq, to_seq, again_head, &f, e);
}
