/*
 * collect_read.c - a request of the collecting API into touches.
 *
 * What it is:   the key, the body (unzipped when it comes so), its messages, and for each of them
 *               whether it is a touch, a marked one, or none and why.
 * Promises:     one message that cannot be used does no harm to the others; a body that is no JSON,
 *               or larger than allowed, is refused as a whole.
 * Threads:      the request's loop.
 */
#include "server/collect_int.h"

#include "base/time.h"
#include "io/gunzip.h"
#include "server/auth.h"

/* ---- who sends it ---------------------------------------------------------------------------- */

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* The user of "Basic ...": what stands before the colon. */
static str basic_user(struct arena *a, str coded)
{
	char *p = arena_alloc(a, coded.n / 4 * 3 + 3);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; p && i < coded.n && coded.p[i] != '='; i++) {
		int six = sextet(coded.p[i]);
		if (six < 0)
			return S("");
		bits = bits << 6 | (uint32_t)six;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[n++] = (char)(bits >> have & 255);
		}
	}
	str both = str_make(p, n);
	return str_sub(both, 0, str_index(both, ':'));
}

static str token_of_header(struct collect_call *k)
{
	str header = http_header(k->http, S("Authorization"));
	if (header.n > 6 && str_eq_nocase(str_sub(header, 0, 6), S("Basic ")))
		return basic_user(&k->arena, str_trim(str_sub(header, 6, header.n)));
	if (header.n > 7 && str_eq_nocase(str_sub(header, 0, 7), S("Bearer ")))
		return str_trim(str_sub(header, 7, header.n));
	return S("");
}

static bool refuse_with(int *status_r, int status, err *e, const char *what)
{
	*status_r = status;
	return err_set(e, ERR_DENIED, "%s", what);
}

bool call_find_key(struct collect_call *k, const struct json *root, int *status_r, err *e)
{
	struct key key;
	if (k->token.n == 0)
		k->token = token_of_header(k);
	if (k->token.n == 0 && root)
		k->token = json_text_of(root, S("writeKey"));
	if (k->token.n == 0)
		return root ? refuse_with(status_r, 401, e,
					  "Send a write key: as the user of Basic authentication, "
					  "or as \"writeKey\" in the body")
			    : true;
	if (!auth_key_find(k->collect->server->auth, k->token, &key))
		return refuse_with(status_r, 401, e, "This key is not known, or was revoked");
	if (key.secret && (key.may & (UINT64_C(1) << MAY_COLLECT)) == 0)
		return refuse_with(status_r, 403, e, "This key may not collect");
	str origin = http_header(k->http, S("Origin"));
	if (!key.secret && origin.n > 0 && !settings_takes_origin(k->settings, origin))
		return refuse_with(status_r, 403, e, "Pages of this origin may not send here");
	k->key = key.id;
	k->is_public = !key.secret;
	k->batch.trust = key.secret ? TRUST_SECRET : TRUST_PUBLIC;
	return true;
}

/* ---- the messages ---------------------------------------------------------------------------- */

/* As it would be written without blanks; the tree no longer knows how it came. */
static size_t bytes_of(const struct json *message)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < message->span; i++) {
		const struct json *node = message + i;
		bytes += node->key.n + 4;
		bytes += node->kind == JSON_TEXT ? node->text.n + 2 : 4;
	}
	return bytes;
}

static void reject(struct collect_call *k, size_t index, const char *fault, str problem)
{
	k->counts.rejected++;
	counts_fault(&k->counts, fault, 1);
	if (k->details_n < COLLECT_DETAILS_MAX)
		k->details[k->details_n++] = (struct collect_detail){ index, fault, problem };
}

static enum message_mark mark_of(const struct collect_call *k, const struct message_reader *r,
				 const struct intake *t)
{
	/* A server's library speaks for others: only what it says of them counts. */
	bool from_page = k->is_pixel || k->from_page;
	str agent = r->user_agent.n ? r->user_agent : from_page ? k->user_agent : S("");
	if (k->settings->bots != BOTS_COUNT && agent.n > 0 && message_is_bot(agent))
		return MARK_BOT;
	if (settings_is_staff(k->settings, from_page ? k->client : S(""), t->email))
		return MARK_STAFF;
	if (r->says_test || settings_is_test(k->settings, r->page_host))
		return MARK_TEST;
	return MARK_NONE;
}

/* False: out of room. */
static bool read_one(struct collect_call *k, struct message_reader *r, const struct json *message,
		     size_t index, err *e)
{
	struct intake *t = &k->batch.items[k->batch.n];
	bool ok = false;
	if (k->says_no && k->is_public) {
		reject(k, index, "do_not_track", S("the browser asks not to be tracked"));
		return true;
	}
	if (k->body.n > COLLECT_MESSAGE_BYTES_MAX &&
	    bytes_of(message) > COLLECT_MESSAGE_BYTES_MAX) {
		reject(k, index, "message_too_large", S("a message may have 32 KB at most"));
		return true;
	}
	if (!message_read(r, message, t, &ok, e))
		return false;
	if (!ok) {
		reject(k, index, r->fault, str_dup(&k->arena, str_of(r->problem)));
		return true;
	}
	enum message_mark mark = k->is_public ? mark_of(k, r, t) : MARK_NONE;
	if (mark == MARK_BOT && k->settings->bots == BOTS_DROP) {
		reject(k, index, "bot", S("it calls itself a robot"));
		return true;
	}
	k->counts.marked += mark != MARK_NONE;
	k->batch.n++;
	return message_mark(r, t, mark, e);
}

struct admitting {
	struct names *names;
	const struct collect_settings *settings;
};

static bool admits(void *arg, bool is_key, str name)
{
	const struct admitting *a = arg;
	return names_admit(a->names, is_key, name,
			   (size_t)(is_key ? a->settings->keys_max : a->settings->names_max));
}

static bool read_all(struct collect_call *k, struct collect_reader *room, const struct json *root,
		     const struct json *list, err *e)
{
	struct admitting names = { &k->collect->names, k->settings };
	struct message_reader r = { .arena = &k->arena,
				    .keeps_json = true,
				    .is_public = k->is_public,
				    .may_be_nobody = k->is_pixel,
				    .received_us = k->received_us,
				    .body = list ? root : NULL,
				    .type = list ? S("") : k->type,
				    .props = room->props,
				    .admits = k->is_public ? admits : NULL,
				    .admits_arg = &names };
	k->messages = list ? list->n : 1;
	k->batch.items = arena_alloc(&k->arena,
				     MAX(k->messages, (size_t)1) * sizeof *k->batch.items);
	if (!k->batch.items)
		return arena_err(&k->arena, e);
	if (!list && !read_one(k, &r, root, 0, e))
		return false;
	size_t index = 0;
	for (const struct json *m = list ? json_first(list) : NULL; m; m = json_after(list, m)) {
		if (!read_one(k, &r, m, index++, e))
			return false;
	}
	k->counts.dropped_props = r.dropped_props;
	if (r.dropped_props)
		counts_fault(&k->counts, "property_dropped", r.dropped_props);
	return true;
}

static bool find_list(struct collect_call *k, const struct json *root, const struct json **list_r,
		      err *e)
{
	*list_r = NULL;
	if (root->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "the body is JSON, but no object in braces");
	if (!str_eq(k->type, S("batch")))
		return k->body.n <= COLLECT_MESSAGE_BYTES_MAX ||
		       err_set(e, ERR_INVALID, "a message may have 32 KB at most");
	const struct json *list = json_get(root, S("batch"));
	if (!list || list->kind != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "the body has no \"batch\" of messages");
	if (list->n > COLLECT_MESSAGES_MAX)
		return err_set(e, ERR_INVALID, "a batch may hold %d messages at most",
			       COLLECT_MESSAGES_MAX);
	*list_r = list;
	return true;
}

/* ---- the body -------------------------------------------------------------------------------- */

static bool unzip(struct collect_call *k, int *status_r, err *e)
{
	str coding = http_header(k->http, S("Content-Encoding"));
	if (coding.n == 0 || str_eq_nocase(coding, S("identity")))
		return true;
	if (!str_eq_nocase(coding, S("gzip")))
		return refuse_with(status_r, 415, e, "Content-Encoding has to be gzip");
	if (gunzip(k->body, COLLECT_BODY_BYTES_MAX, &k->arena, &k->body, e))
		return true;
	if (e->code == ERR_LIMIT)
		*status_r = 400;
	return false;
}

static bool parse(struct collect_call *k, struct collect_reader *room, const struct json **root_r,
		  int *status_r, err *e)
{
	if (k->body.n > COLLECT_BODY_BYTES_MAX)
		return err_set(e, ERR_INVALID, "a batch may have 500 KB at most");
	if (json_parse(room->parser, k->body, &k->arena, root_r, e))
		return true;
	if (e->code == ERR_LIMIT)
		*status_r = 400;
	return false;
}

static bool read_body(struct collect_call *k, struct collect_reader *room, int *status_r, err *e)
{
	const struct json *root, *list;
	if (!call_find_key(k, NULL, status_r, e) || !unzip(k, status_r, e) ||
	    !parse(k, room, &root, status_r, e))
		return false;
	if (k->key == 0 && !call_find_key(k, root, status_r, e))
		return false;
	if (!find_list(k, root, &list, e))
		return false;
	if (!rate_allows(k->collect, k->settings, k->key, list ? list->n : 1))
		return refuse_with(status_r, 429, e, "This key sends more than its rate allows");
	return read_all(k, room, root, list, e);
}

bool call_read(struct collect_call *k, int *status_r, err *e)
{
	struct collect_reader *room = reader_mine(k->collect, e);
	if (!room)
		return false;
	bool ok = read_body(k, room, status_r, e);
	if (!ok && e->code == ERR_LIMIT && *status_r == 0)
		*status_r = 400;
	return ok;
}
