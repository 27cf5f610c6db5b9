/*
 * api_undo.c - taking back what was done by hand.
 *
 * What it is:   POST /touches/{seq}/undo, of a deed or of a taking back (which does it again).
 * Promises:     everybody may take back their own; what others did, only who configures. What
 *               something later builds on is not taken back unasked: the problem lists it.
 * Threads:      workers.
 */
#include "server/work_int.h"

#include "base/time.h"

#define ANYWAY "anyway"

static bool body_says(struct request *q, bool *anyway_r, err *e)
{
	*anyway_r = false;
	if (!q->body)
		return true;
	if (q->body->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "The body has to be a JSON object");
	for (const struct json *c = json_first(q->body); c; c = json_after(q->body, c)) {
		if (!str_eq(c->key, S(ANYWAY)) || c->kind != JSON_BOOL) {
			q->field = c->key;
			return err_set(e, ERR_INVALID,
				       "Only \"" ANYWAY "\" can be said here, true or false");
		}
		*anyway_r = c->b;
	}
	return true;
}

static bool may_take_back(struct request *q, const struct touch *t, err *e)
{
	if (t->by.n == 0 || str_eq(t->by, q->actor.name) || actor_may(&q->actor, MAY_CONFIGURE))
		return true; /* what nobody did by hand is refused by the journal, with its reason
			      */
	return err_set(e, ERR_DENIED,
		       "Somebody else did this: they or operations can take it back");
}

/* The members of the problem: what builds on it. */
static str later_members(struct request *q, struct snapshot *s, const struct touch_undo *u)
{
	char at[TIME_TEXT_MAX];
	struct buf b CLEANUP(buf_fini);
	struct json_writer w;
	buf_init(&b, 64 * KIB);
	buf_cstr(&b, ",\"later\":");
	json_writer_init(&w, &b, false);
	json_array_open(&w);
	for (size_t i = 0; i < u->later_n; i++) {
		struct touch t;
		err ignored = { 0 }; /* it is told by its number then */
		json_object_open(&w);
		json_key(&w, S("seq"));
		json_put_uint(&w, u->later[i]);
		if (snapshot_touch(s, u->later[i], q->arena, &t, &ignored)) {
			json_key(&w, S("name"));
			json_put_text(&w, t.name);
			json_key(&w, S("at"));
			json_put_text(&w, time_print(at, t.at_us));
			json_key(&w, S("by"));
			json_put_text(&w, t.by);
		}
		json_object_close(&w);
	}
	json_array_close(&w);
	return buf_ok(&b, NULL) ? str_dup(q->arena, buf_view(&b)) : S("");
}

static bool name_later(struct request *q, const struct touch_undo *u)
{
	struct view *v = NULL;
	err ignored = { 0 };
	if (!view_borrow(q->server, &v, &ignored))
		return false;
	q->members = later_members(q, view_snapshot(v), u);
	view_return(&v);
	return false;
}

static bool deed_read(struct request *q, uint64_t seq, struct touch *t, err *e)
{
	struct view *v = NULL;
	if (!view_borrow(q->server, &v, e))
		return false;
	bool ok = snapshot_touch(view_snapshot(v), seq, q->arena, t, e);
	view_return(&v);
	return ok;
}

static bool undo(struct request *q, struct answer *a, err *e)
{
	struct touch deed;
	struct json_writer w;
	struct touch_undo u = { .by = q->actor.name };
	if (!work_number(q, 0, &u.seq, e) || !body_says(q, &u.anyway, e) ||
	    !deed_read(q, u.seq, &deed, e) || !may_take_back(q, &deed, e))
		return false;
	if (!journal_touch_undo(server_journal(q->server), &u, e))
		return u.later_n ? name_later(q, &u) : false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("seq"));
	json_put_uint(&w, u.undone_seq);
	json_key(&w, S("touches"));
	json_put_uint(&w, u.touches);
	json_key(&w, S("subjects"));
	json_put_uint(&w, u.subjects);
	json_key(&w, S("undo"));
	json_put_uint(&w, u.undone_seq);
	json_object_close(&w);
	return true;
}

static const struct route_param by_seq[] = {
	{ .name = "seq",
	  .in = "path",
	  .schema = "{\"type\":\"integer\",\"minimum\":1}",
	  .help = "The number of the touch",
	  .required = true },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/touches/{seq}/undo",
	  .may = MAY_WORK,
	  .where = HTTP_WORKER,
	  .body_bytes_max = KIB,
	  .run = undo,
	  .id = "undoTouch",
	  .tag = "work",
	  .summary = "Take back what was done by hand, with what followed; or do it again",
	  .params = by_seq,
	  .body_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			 "\"anyway\":{\"type\":\"boolean\",\"description\":\"Also when something "
			 "later builds on it: only this touch is taken back\"}}}",
	  .answer_schema =
		  "{\"type\":\"object\",\"required\":[\"seq\",\"touches\",\"undo\"],"
		  "\"properties\":{\"seq\":{\"type\":\"integer\"},\"touches\":{\"type\":"
		  "\"integer\"},\"subjects\":{\"type\":\"integer\"},\"undo\":{\"type\":"
		  "\"integer\",\"description\":\"POST /touches/{undo}/undo does it again\"}}}" },
};
const struct route_list routes_undo = { rows, ARRAY_LEN(rows) };
