/*
 * load_segment.c - Segment's messages: track, page, screen, identify, group, alias.
 *
 * What it is:   one JSON object to one touch. Names of track events stay as they were sent but for
 * a small table of common ones; campaign, page and traits of the context are used; the rest of the
 * context (library, IP address, ...) is left out. Promises:     the time is corrected for the
 * sender's clock when the message says how: receivedAt - (sentAt - originalTimestamp).
 */
#include "load/load_int.h"

#include "people/people.h"

struct pair {
	const char *from;
	const char *to;
};

/* Events that other tools send under names of their own. */
static const struct pair EVENTS[] = {
	{ "page viewed", "page_viewed" },
	{ "pageview", "page_viewed" },
	{ "$pageview", "page_viewed" },
	{ "viewed page", "page_viewed" },
	{ "form submitted", "form_submitted" },
	{ "form submit", "form_submitted" },
	{ "content viewed", "content_viewed" },
	{ "content downloaded", "content_downloaded" },
	{ "document downloaded", "content_downloaded" },
	{ "file downloaded", "content_downloaded" },
	{ "email sent", "message_sent" },
	{ "email delivered", "message_delivered" },
	{ "email opened", "message_opened" },
	{ "email link clicked", "message_clicked" },
	{ "email clicked", "message_clicked" },
	{ "email replied", "message_replied" },
	{ "email bounced", "message_bounced" },
	{ "unsubscribed", "consent_withdrawn" },
	{ "demo booked", "demo_booked" },
	{ "demo scheduled", "demo_booked" },
	{ "demo held", "demo_held" },
	{ "meeting held", "meeting_held" },
	{ "call made", "call_made" },
	{ "webinar registered", "event_registered" },
	{ "event registered", "event_registered" },
	{ "webinar attended", "event_attended" },
	{ "event attended", "event_attended" },
};

static const struct pair TYPES[] = {
	{ "track", "" },
	{ "page", "page_viewed" },
	{ "screen", "screen_viewed" },
	{ "identify", "person_updated" },
	{ "group", "company_updated" },
	{ "alias", "person_identified" },
};

bool segment_is(const struct json *object)
{
	str type = json_text_of(object, S("type"));
	for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
		if (str_eq(type, str_of(TYPES[i].from)))
			return true;
	}
	return false;
}

str segment_text(struct segment *s, const struct json *node)
{
	if (!node)
		return S("");
	if (node->kind == JSON_TEXT)
		return str_dup(s->a, str_trim(node->text));
	return node->kind == JSON_INT ? str_printf(s->a, "%lld", (long long)node->i) : S("");
}

static bool name_of(struct segment *s)
{
	for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
		if (str_eq(s->type, str_of(TYPES[i].from)))
			s->t.name = str_of(TYPES[i].to);
	}
	if (s->t.name.n > 0)
		return true;
	str sent = segment_text(s, json_get(s->object, S("event")));
	if (sent.n == 0)
		return row_problem(s->l, "a track message needs \"event\"");
	s->t.name = sent;
	for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
		if (!str_eq_nocase(sent, str_of(EVENTS[i].from)))
			continue;
		s->t.name = str_of(EVENTS[i].to);
		segment_put(s, S("sent_name"), value_text(sent));
		if (str_eq(s->t.name, S("consent_withdrawn")))
			segment_put(s, S("channel"), value_text(S("email")));
	}
	return true;
}

static bool time_of(const struct segment *s, const char *key, int64_t *at_r)
{
	str text = json_text_of(s->object, str_of(key));
	return text.n > 0 && time_parse(text, at_r, NULL);
}

static bool at_of(struct segment *s)
{
	int64_t received, sent, original;
	if (time_of(s, "receivedAt", &received) && time_of(s, "sentAt", &sent) &&
	    time_of(s, "originalTimestamp", &original)) {
		int64_t late, at;
		if (!__builtin_sub_overflow(sent, original, &late) &&
		    !__builtin_sub_overflow(received, late, &at) && at >= TIME_MIN_US &&
		    at <= TIME_MAX_US) {
			s->t.at_us = at;
			return true;
		}
	}
	static const char *const KEYS[] = { "timestamp", "originalTimestamp", "receivedAt",
					    "sentAt" };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		const struct json *node = json_get(s->object, str_of(KEYS[i]));
		if (!node || node->kind == JSON_NULL)
			continue;
		if (time_of(s, KEYS[i], &s->t.at_us))
			return true;
		return row_problem(s->l, "\"%s\" is no date such as 2026-01-31T12:00:00Z", KEYS[i]);
	}
	return row_problem(s->l, "the message does not say when it happened: no \"timestamp\"");
}

static str id_of(struct segment *s, const char *key)
{
	str id = segment_text(s, json_get(s->object, str_of(key)));
	if (id.n > 0 && id_is_blocked(id)) {
		s->l->blocked_ids++;
		return S("");
	}
	return id;
}

static bool ids_of(struct segment *s)
{
	struct intake *t = &s->t;
	t->anonymous_id = id_of(s, "anonymousId");
	t->user_id = id_of(s, "userId");
	t->previous_id = str_eq(s->type, S("alias")) ? id_of(s, "previousId") : S("");
	str group = id_of(s, "groupId");
	if (group.n > 0)
		t->company_id.value = group;
	const str ids[] = { t->anonymous_id, t->user_id, t->previous_id, group };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		if (ids[i].n > LOAD_ID_BYTES_MAX)
			return row_problem(s->l, "an id of %zu bytes; at most %d are allowed",
					   ids[i].n, LOAD_ID_BYTES_MAX);
	}
	if (str_eq(s->type, S("alias")) && (t->previous_id.n == 0 || t->user_id.n == 0))
		return row_problem(s->l, "an alias message needs \"userId\" and \"previousId\"");
	if (str_eq(s->type, S("group")) && group.n == 0)
		return row_problem(s->l, "a group message needs \"groupId\"");
	return true;
}

static void take(struct segment *s, const struct json *object, const char *key, str *field)
{
	str text = segment_text(s, object ? json_get(object, str_of(key)) : NULL);
	if (field->n == 0)
		*field = text;
}

static void put_text(struct segment *s, const char *key, str text)
{
	if (text.n > 0)
		segment_put(s, str_of(key), value_text(text));
}

/* Where it came from: what the campaign says, then the page's address, then its referrer. */
static void origin_of(struct segment *s, const struct json *context, const struct json *properties)
{
	struct origin *o = &s->t.origin;
	const struct json *campaign = context ? json_get(context, S("campaign")) : NULL;
	const struct json *page = context ? json_get(context, S("page")) : NULL;
	const struct json *referrer = context ? json_get(context, S("referrer")) : NULL;
	take(s, campaign, "source", &o->source);
	take(s, campaign, "medium", &o->medium);
	take(s, campaign, "name", &o->campaign);
	take(s, campaign, "content", &o->content);
	take(s, campaign, "term", &o->term);
	bool of_page = str_eq(s->type, S("page"));
	str url = S("");
	if (of_page) {
		take(s, properties, "url", &url);
		take(s, properties, "referrer", &o->referrer);
	}
	take(s, page, "url", &url);
	take(s, page, "referrer", &o->referrer);
	if (referrer && referrer->kind == JSON_OBJECT)
		take(s, referrer, "url", &o->referrer);
	origin_from_url(url, s->a, o);
	if (o->referrer.n > 0 && str_eq_nocase(url_host(o->referrer), url_host(url)))
		o->referrer = S("");
	if (of_page || !page)
		return;
	str path = S(""), title = S("");
	take(s, page, "path", &path);
	take(s, page, "title", &title);
	put_text(s, "url", url);
	put_text(s, "path", path);
	put_text(s, "title", title);
}

static const struct json *object_of(const struct json *in, const char *key)
{
	const struct json *o = in ? json_get(in, str_of(key)) : NULL;
	return o && o->kind == JSON_OBJECT ? o : NULL;
}

static bool contents_of(struct segment *s, err *e)
{
	const struct json *context = object_of(s->object, "context");
	const struct json *properties = object_of(s->object, "properties");
	bool update = str_eq(s->type, S("identify")) || str_eq(s->type, S("group"));
	const struct json *traits = object_of(update ? s->object : context, "traits");
	if (str_eq(s->type, S("page")) || str_eq(s->type, S("screen"))) {
		put_text(s, "name", segment_text(s, json_get(s->object, S("name"))));
		put_text(s, "category", segment_text(s, json_get(s->object, S("category"))));
	}
	if (properties && !segment_properties(s, properties, e))
		return false;
	origin_of(s, context, properties);
	if (update)
		return !traits || segment_traits(s, traits, e);
	str email = traits ? segment_text(s, json_get(traits, S("email"))) : S("");
	if (email.n > 0 && email_is_fine(s->a, email))
		s->t.email = email;
	if (context)
		put_text(s, "locale", segment_text(s, json_get(context, S("locale"))));
	return true;
}

/* The sender's id, or one made of the whole message and how often it came. */
static bool message_id_of(struct segment *s, const struct raw_row *raw, err *e)
{
	s->t.message_id = segment_text(s, json_get(s->object, S("messageId")));
	if (s->t.message_id.n > 0)
		return true;
	struct buf *b = &s->l->scratch;
	char *p = arena_alloc(s->a, LOAD_MESSAGE_ID_MAX);
	if (!p)
		return arena_err(s->a, e);
	buf_clear(b);
	buf_lenstr(b, raw->text);
	if (!buf_ok(b, e))
		return false;
	uint32_t before;
	if (!seen_count(s->l->seen, str_hash(raw->text), &before, e))
		return false;
	buf_u32(b, before);
	if (!buf_ok(b, e))
		return false;
	message_id_print(p, b->p, b->n, 0, &s->t.message_id);
	return true;
}

static bool somebody(const struct segment *s)
{
	const struct intake *t = &s->t;
	return t->anonymous_id.n || t->user_id.n || t->email.n || t->previous_id.n ||
	       t->company_id.value.n;
}

static bool segment_add(struct segment *s, const struct raw_row *raw, err *e)
{
	struct intake *item = chunk_item(
		s->l, str_eq(s->type, S("group")) ? ABOUT_COMPANY : ABOUT_PERSON, e);
	struct prop *props = item ? arena_alloc(s->a, s->n * sizeof *props) : NULL;
	if (!item)
		return false;
	if (!props)
		return arena_err(s->a, e);
	for (size_t i = 0; i < s->n; i++)
		props[i] = s->props[i];
	*item = s->t;
	item->props = props;
	item->props_n = s->n;
	item->row = raw->number;
	return true;
}

bool segment_build(struct loader *l, const struct raw_row *raw, struct chunk_row *row, bool *ok_r,
		   err *e)
{
	struct segment s = {
		.l = l, .a = &l->chunk.arena, .object = raw->object, .props = l->props
	};
	if (!row_copy(l, raw, row, e))
		return false;
	row->first = l->chunk.n;
	row->items_n = 0;
	*ok_r = raw->problem.n == 0 || row_problem(l, "%.*s", STR_ARG(raw->problem));
	if (!*ok_r)
		return true;
	s.type = json_text_of(raw->object, S("type"));
	*ok_r = segment_is(raw->object) ||
		row_problem(l, "\"type\" must be track, page, screen, identify, group or alias");
	*ok_r = *ok_r && at_of(&s) && ids_of(&s) && name_of(&s);
	if (!*ok_r)
		return !s.a->over || arena_err(s.a, e);
	if (!contents_of(&s, e) || !message_id_of(&s, raw, e))
		return false;
	if (s.a->over)
		return arena_err(s.a, e);
	if (s.too_many)
		*ok_r = row_problem(l, "the message has more than %d properties", TOUCH_PROPS_MAX);
	else if (!somebody(&s))
		*ok_r = row_problem(
			l, "the message does not say who it is about: no \"anonymousId\", no "
			   "\"userId\" that is one");
	if (!*ok_r)
		return true;
	if (!segment_add(&s, raw, e))
		return false;
	row->items_n = 1;
	return true;
}
