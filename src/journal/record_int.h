/*
 * record_int.h - one group of touches as bytes.
 *
 * What it is:   the body of a journal record (docs/format/record.md): the ids first seen in it, a
 *               table of the short texts that repeat, the touches. Written once, read in order.
 * Promises:     reading never leaves the body; a body that does not fit its own description is an
 *               error, whatever bytes it holds.
 */
#ifndef TRICHTER_RECORD_INT_H
#define TRICHTER_RECORD_INT_H

#include "journal/hooks.h"

#define RECORD_VERSION	 2
#define RECORD_OLDEST	 1 /* read as well: without "by" */
#define RECORD_BYTES_MAX (256 * MIB)

struct record_writer {
	struct buf ids;
	struct buf strings;
	struct buf touches;
	struct buf body;
	uint64_t first_seq;
	uint32_t ids_n, strings_n, touches_n;
	int64_t at_us; /* of the last touch: times are differences */
	int64_t received_us;
	/* texts of this record: open addressing by hash */
	struct record_string *slots;
	size_t slots_cap;
	uint32_t generation;
};

void record_writer_init(struct record_writer *w);
void record_writer_fini(struct record_writer *w);
void record_begin(struct record_writer *w, uint64_t first_seq, int64_t received_us);
bool record_add_id(struct record_writer *w, const struct new_id *id, err *e) MUST_CHECK;
bool record_add_touch(struct record_writer *w, const struct touch *t, err *e) MUST_CHECK;
/* The body lives in the writer until the next record_begin. */
bool record_finish(struct record_writer *w, str *body_r, err *e) MUST_CHECK;

/* Calls `id` for the ids, then `touch` for the touches (either may be NULL). Touches are decoded
 * into `a`, which is reset before each. `touch` returning false stops without an error. */
struct record_reader {
	bool (*id)(void *arg, const struct new_id *id, err *e);
	bool (*touch)(void *arg, const struct touch *t);
	void *arg;
	bool stopped;
};
bool record_read(str body, uint64_t first_seq, struct arena *a, struct record_reader *r,
		 err *e) MUST_CHECK;

/* What stands at the head of a touch: enough to see whether somebody wants it. */
struct touch_brief {
	uint64_t seq, person, company, deal, cause, import;
};
typedef bool (*touch_wanted_fn)(void *arg, const struct touch_brief *h);
/* As record_read without ids; only the touches that are wanted are decoded, the others passed over.
 * record_some.c */
bool record_read_some(str body, uint64_t first_seq, struct arena *a, touch_wanted_fn wanted,
		      struct record_reader *r, err *e) MUST_CHECK;

/* Touches of several records, to be taken in another order than theirs: sorted by (subject, at,
 * tie, seq) without decoding them before it is their turn. record_sort.c */
struct archive_id;
struct record_sort;
struct sorted_touch {
	uint64_t subject; /* of record_sort_add: the profile that the touch is about, 0 none */
	int64_t at_us;
	uint64_t tie, seq;
	const uint8_t *p; /* in its record */
	int64_t before_us;
	size_t record;
};
bool record_sort_new(size_t bytes_max, bool with_ids, struct record_sort **s_r, err *e) MUST_CHECK;
void record_sort_free(struct record_sort **s);
/* Takes the touches from ... to of a record, which is copied. ERR_LIMIT: more than bytes_max. */
bool record_sort_add(struct record_sort *s, str body, uint64_t first_seq, uint64_t from_seq,
		     uint64_t to_seq, err *e) MUST_CHECK;
/* What was added so far; subjects may be changed before they are sorted. */
struct sorted_touch *record_sort_items(struct record_sort *s, size_t *n_r);
void record_sort_run(struct record_sort *s);
bool record_sort_touch(struct record_sort *s, const struct sorted_touch *at, struct arena *a,
		       struct touch *t_r, err *e) MUST_CHECK;
/* The ids that the records brought, in their order. */
const struct archive_id *record_sort_ids(const struct record_sort *s, size_t *n_r);

/* ---- between record.c and record_some.c ------------------------------------------------------ */

#define UUID_BYTES    16
#define ORIGIN_FIELDS 7

/* Which optional parts a touch has. */
enum {
	HAS_MESSAGE = 1 << 0,
	HAS_PERSON = 1 << 1,
	HAS_COMPANY = 1 << 2,
	HAS_DEAL = 1 << 3,
	HAS_ORIGIN = 1 << 4,
	HAS_IMPORT = 1 << 5,
	HAS_CAUSE = 1 << 6,
	HAS_RULE = 1 << 7,
	IS_FILL = 1 << 8,
	IS_PUBLIC = 1 << 9,
	HAS_OWN_RECEIVED = 1 << 10,
	MESSAGE_IS_UUID = 1 << 11,
	HAS_BY = 1 << 12,
};

struct record_texts {
	const str *items;
	uint64_t n;
};
struct record_state {
	struct reader r;
	struct record_texts texts;
	int64_t received_us;
	int64_t at_us;
	uint64_t seq;
};
/* Reads up to the touches; ids are told to `out`. To be ended in any case. */
bool record_state_init(struct record_state *s, str body, uint64_t first_seq,
		       struct record_reader *out, err *e) MUST_CHECK;
void record_state_fini(struct record_state *s);
/* What passing over a touch tells beside its head. */
struct record_passed {
	struct touch_brief brief;
	int64_t at_us;
	str message; /* as it stands there: UUID_BYTES when it is packed */
	bool is_uuid;
};
/* Passes over one touch, number s->seq. */
void record_pass(struct record_state *s, struct record_passed *x_r);
#define UUID_CHARS 36
void record_uuid_text(const uint8_t *bytes, char text[UUID_CHARS]);
/* One touch, number s->seq. */
bool record_read_touch(struct record_state *s, struct arena *a, struct touch *t, err *e) MUST_CHECK;
/* The same, but only who, when and what: a tenth of the cost. Names of one record that are equal
 * are the same bytes. `head` returning false stops. */
bool record_read_heads(str body, uint64_t first_seq, head_fn head, void *arg, bool *stopped_r,
		       err *e) MUST_CHECK;

#endif
