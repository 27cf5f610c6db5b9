/*
 * message.c - one message of Segment's API becomes one touch.
 *
 * What it is:   which name, which time, which ids, which origin. The members of a message are found
 *               in one walk; its context in a few look-ups.
 * Workload:     a hundred messages a request, a hundred thousand a second: about half a
 *               microsecond each, nothing is copied when the JSON lives as long as the touch.
 * Promises:     as message.h. What has an `ip` in its context keeps it to itself.
 */
#include "load/message_int.h"

#include "people/people.h"

#include <stdarg.h>
#include <stdio.h>

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

static const struct {
	str type;
	str name; /* of the touch; empty: the event's */
} TYPES[MESSAGE_TYPES_N] = {
	[MESSAGE_TRACK] = { S("track"), S("") },
	[MESSAGE_PAGE] = { S("page"), S("page_viewed") },
	[MESSAGE_SCREEN] = { S("screen"), S("screen_viewed") },
	[MESSAGE_IDENTIFY] = { S("identify"), S("person_updated") },
	[MESSAGE_GROUP] = { S("group"), S("company_updated") },
	[MESSAGE_ALIAS] = { S("alias"), S("person_identified") },
};

static const str MEMBERS[MEMBERS_N] = {
	[M_TYPE] = S("type"),
	[M_EVENT] = S("event"),
	[M_NAME] = S("name"),
	[M_CATEGORY] = S("category"),
	[M_MESSAGE_ID] = S("messageId"),
	[M_ANONYMOUS_ID] = S("anonymousId"),
	[M_USER_ID] = S("userId"),
	[M_PREVIOUS_ID] = S("previousId"),
	[M_GROUP_ID] = S("groupId"),
	[M_TIMESTAMP] = S("timestamp"),
	[M_ORIGINAL_TIMESTAMP] = S("originalTimestamp"),
	[M_SENT_AT] = S("sentAt"),
	[M_RECEIVED_AT] = S("receivedAt"),
	[M_CONTEXT] = S("context"),
	[M_PROPERTIES] = S("properties"),
	[M_TRAITS] = S("traits"),
};

bool message_refuse(struct message_now *m, const char *fault, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(m->r->problem, sizeof m->r->problem, fmt, ap);
	va_end(ap);
	m->r->fault = fault;
	return false;
}

str message_keep(struct message_now *m, str text)
{
	return m->r->keeps_json ? text : str_dup(m->r->arena, text);
}

str message_text(struct message_now *m, const struct json *node)
{
	if (!node)
		return S("");
	if (node->kind == JSON_TEXT)
		return message_keep(m, str_trim(node->text));
	return node->kind == JSON_INT ? str_printf(m->r->arena, "%lld", (long long)node->i) : S("");
}

static bool type_of(str text, enum message_type *type_r)
{
	for (size_t i = 0; i < MESSAGE_TYPES_N; i++) {
		if (str_eq(text, TYPES[i].type)) {
			*type_r = (enum message_type)i;
			return true;
		}
	}
	return false;
}

bool message_is(const struct json *object)
{
	enum message_type type;
	return type_of(json_text_of(object, S("type")), &type);
}

/* One walk instead of a search for each; of equal keys the last counts. */
static void find_members(struct message_now *m, const struct json *message)
{
	for (const struct json *c = json_first(message); c; c = json_after(message, c)) {
		for (size_t i = 0; i < MEMBERS_N; i++) {
			if (!str_eq(c->key, MEMBERS[i]))
				continue;
			m->at[i] = c->kind == JSON_NULL ? NULL : c;
			break;
		}
	}
}

static bool find_type(struct message_now *m)
{
	const struct json *node = m->at[M_TYPE];
	str text = m->r->type.n && !node	     ? m->r->type
		   : node && node->kind == JSON_TEXT ? node->text
						     : S("");
	return type_of(text, &m->type) ||
	       message_refuse(m, "unknown_type",
			      "\"type\" must be track, page, screen, identify, group or alias");
}

/* ---- the name -------------------------------------------------------------------------------- */

static bool has_controls(str s)
{
	unsigned bad = 0;
	for (size_t i = 0; i < s.n; i++)
		bad |= (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F;
	return bad != 0;
}

/* A name that is known under another one gets ours, unless a write key may not send that. */
static void translate(struct message_now *m, str sent)
{
	for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
		str to = str_of(EVENTS[i].to);
		if (!str_eq_nocase(sent, str_of(EVENTS[i].from)) ||
		    (m->r->is_public && people_name_is_reserved(to)))
			continue;
		m->t.name = to;
		message_put(m, S("sent_name"), value_text(sent));
		if (str_eq(to, S("consent_withdrawn")))
			message_put(m, S("channel"), value_text(S("email")));
	}
}

static bool find_name(struct message_now *m)
{
	m->t.name = TYPES[m->type].name;
	if (m->t.name.n > 0)
		return true;
	str sent = message_text(m, m->at[M_EVENT]);
	if (sent.n == 0)
		return message_refuse(m, "no_event", "a track message needs \"event\"");
	m->t.name = sent;
	if (m->r->is_public) {
		if (sent.n > MESSAGE_PUBLIC_NAME_BYTES_MAX)
			return message_refuse(m, "name_too_long",
					      "the event's name has %zu bytes; at most %d are "
					      "allowed",
					      sent.n, MESSAGE_PUBLIC_NAME_BYTES_MAX);
		if (has_controls(sent))
			return message_refuse(m, "control_characters",
					      "the event's name holds control characters");
		if (people_name_is_reserved(sent))
			return message_refuse(m, "reserved_name",
					      "this name is reserved: a write key may not send it");
	}
	translate(m, sent);
	if (m->r->admits && !m->r->admits(m->r->admits_arg, false, m->t.name))
		return message_refuse(m, "too_many_names",
				      "there are too many different event names already");
	return true;
}

/* ---- the time -------------------------------------------------------------------------------- */

static bool time_at(const struct json *node, int64_t *at_r)
{
	return node && node->kind == JSON_TEXT && node->text.n > 0 &&
	       time_parse(node->text, at_r, NULL);
}

/* As many seconds before its receipt as before its sending, whatever the sender's clock says. */
static bool is_corrected(struct message_now *m, int64_t received, int64_t sent, int64_t original)
{
	int64_t late, at;
	if (__builtin_sub_overflow(sent, original, &late) ||
	    __builtin_sub_overflow(received, late, &at) || at < TIME_MIN_US || at > TIME_MAX_US)
		return false;
	m->t.at_us = at;
	return true;
}

static bool is_no_date(struct message_now *m, enum member member)
{
	return message_refuse(m, "bad_date", "\"%s\" is no date such as 2026-01-31T12:00:00Z",
			      MEMBERS[member].p);
}

static bool find_live_time(struct message_now *m)
{
	enum member which = m->at[M_ORIGINAL_TIMESTAMP] ? M_ORIGINAL_TIMESTAMP : M_TIMESTAMP;
	const struct json *sent_node = m->at[M_SENT_AT];
	int64_t received = m->r->received_us, original, sent;
	m->t.at_us = received;
	if (!m->at[which])
		return true;
	if (!time_at(m->at[which], &original))
		return is_no_date(m, which);
	if (!sent_node && m->r->body)
		sent_node = json_get(m->r->body, S("sentAt"));
	if (!time_at(sent_node, &sent) || !is_corrected(m, received, sent, original))
		m->t.at_us = original;
	return true;
}

static bool find_time(struct message_now *m)
{
	int64_t received, sent, original;
	if (m->r->received_us)
		return find_live_time(m);
	if (time_at(m->at[M_RECEIVED_AT], &received) && time_at(m->at[M_SENT_AT], &sent) &&
	    time_at(m->at[M_ORIGINAL_TIMESTAMP], &original) &&
	    is_corrected(m, received, sent, original))
		return true;
	static const enum member KEYS[] = { M_TIMESTAMP, M_ORIGINAL_TIMESTAMP, M_RECEIVED_AT,
					    M_SENT_AT };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		if (m->at[KEYS[i]])
			return time_at(m->at[KEYS[i]], &m->t.at_us) || is_no_date(m, KEYS[i]);
	}
	return message_refuse(m, "no_time",
			      "the message does not say when it happened: no \"timestamp\"");
}

/* ---- whom it is about ------------------------------------------------------------------------ */

static str id_of(struct message_now *m, enum member member)
{
	str id = message_text(m, m->at[member]);
	if (id.n > 0 && id_is_blocked(id)) {
		m->r->blocked_ids++;
		return S("");
	}
	return id;
}

static bool ids_are_fine(struct message_now *m, const str *ids, size_t n)
{
	size_t bytes_max = m->r->is_public ? MESSAGE_PUBLIC_ID_BYTES_MAX : MESSAGE_ID_BYTES_MAX;
	for (size_t i = 0; i < n; i++) {
		if (ids[i].n > bytes_max)
			return message_refuse(m, "id_too_long",
					      "an id of %zu bytes; at most %zu are allowed",
					      ids[i].n, bytes_max);
		if (m->r->is_public && has_controls(ids[i]))
			return message_refuse(m, "control_characters",
					      "an id holds control characters");
	}
	return true;
}

static bool find_ids(struct message_now *m)
{
	struct intake *t = &m->t;
	t->anonymous_id = id_of(m, M_ANONYMOUS_ID);
	t->user_id = id_of(m, M_USER_ID);
	t->previous_id = m->type == MESSAGE_ALIAS ? id_of(m, M_PREVIOUS_ID) : S("");
	t->message_id = message_text(m, m->at[M_MESSAGE_ID]);
	str group = id_of(m, M_GROUP_ID);
	if (group.n > 0)
		t->company_id.value = group;
	const str ids[] = { t->anonymous_id, t->user_id, t->previous_id, group, t->message_id };
	if (!ids_are_fine(m, ids, m->r->is_public ? ARRAY_LEN(ids) : ARRAY_LEN(ids) - 1))
		return false;
	if (m->type == MESSAGE_ALIAS && (t->previous_id.n == 0 || t->user_id.n == 0))
		return message_refuse(m, "no_id",
				      "an alias message needs \"userId\" and \"previousId\"");
	if (m->type == MESSAGE_GROUP && group.n == 0)
		return message_refuse(m, "no_id", "a group message needs \"groupId\"");
	return true;
}

static bool is_about_somebody(struct message_now *m)
{
	const struct intake *t = &m->t;
	return m->r->may_be_nobody || t->anonymous_id.n || t->user_id.n || t->email.n ||
	       t->previous_id.n || t->company_id.value.n ||
	       message_refuse(m, "no_id",
			      "the message does not say who it is about: no \"anonymousId\", no "
			      "\"userId\" that is one");
}

/* ---- where it came from ---------------------------------------------------------------------- */

static const struct json *object_of(const struct json *node)
{
	return node && node->kind == JSON_OBJECT ? node : NULL;
}

static const struct json *object_in(const struct json *in, str key)
{
	return in ? object_of(json_get(in, key)) : NULL;
}

static void take(struct message_now *m, const struct json *object, str key, str *field)
{
	if (object && field->n == 0)
		*field = message_text(m, json_get(object, key));
}

static void take_origin(struct message_now *m, const struct json *campaign)
{
	struct origin *o = &m->t.origin;
	for (const struct json *c = campaign ? json_first(campaign) : NULL; c;
	     c = json_after(campaign, c)) {
		str *field = str_eq(c->key, S("source"))    ? &o->source
			     : str_eq(c->key, S("medium"))  ? &o->medium
			     : str_eq(c->key, S("name"))    ? &o->campaign
			     : str_eq(c->key, S("content")) ? &o->content
			     : str_eq(c->key, S("term"))    ? &o->term
							    : NULL;
		if (field)
			*field = message_text(m, c);
	}
}

/* What the message says itself goes before what stands in its context. */
static void put_unless_said(struct message_now *m, const char *key, str text)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->r->props[i].key, str_of(key)))
			return;
	}
	message_put_text(m, key, text);
}

/* What the campaign says, then the page's address, then its referrer. */
static void find_origin(struct message_now *m, const struct json *context,
			const struct json *properties)
{
	struct origin *o = &m->t.origin;
	const struct json *page = object_in(context, S("page"));
	bool of_page = m->type == MESSAGE_PAGE;
	bool of_event = m->type == MESSAGE_TRACK || m->type == MESSAGE_SCREEN || of_page;
	str url = S(""), path = S(""), title = S("");
	take_origin(m, object_in(context, S("campaign")));
	if (of_page) {
		take(m, properties, S("url"), &url);
		take(m, properties, S("referrer"), &o->referrer);
	}
	take(m, page, S("url"), &url);
	take(m, page, S("referrer"), &o->referrer);
	take(m, object_in(context, S("referrer")), S("url"), &o->referrer);
	if (url.n > 0)
		origin_from_url(url, m->r->arena, o);
	m->r->page_host = url_host(url);
	if (o->referrer.n > 0 && str_eq_nocase(url_host(o->referrer), m->r->page_host))
		o->referrer = S("");
	if (!page || !of_event)
		return;
	take(m, page, S("path"), &path);
	take(m, page, S("title"), &title);
	put_unless_said(m, "url", url);
	put_unless_said(m, "path", path);
	put_unless_said(m, "title", title);
}

static void find_context(struct message_now *m, const struct json *context)
{
	if (!context)
		return;
	const struct json *agent = json_get(context, S("userAgent"));
	const struct json *test = json_get(context, S("test"));
	if (agent && agent->kind == JSON_TEXT)
		m->r->user_agent = agent->text;
	m->r->says_test = test && test->kind == JSON_BOOL && test->b;
}

static bool find_contents(struct message_now *m, err *e)
{
	const struct json *context = object_of(m->at[M_CONTEXT]);
	const struct json *properties = object_of(m->at[M_PROPERTIES]);
	bool update = m->type == MESSAGE_IDENTIFY || m->type == MESSAGE_GROUP;
	if (!context && m->r->body)
		context = object_in(m->r->body, S("context"));
	const struct json *traits = update ? object_of(m->at[M_TRAITS]) : NULL;
	if (!traits && m->type != MESSAGE_GROUP)
		traits = object_in(context, S("traits"));
	find_context(m, context);
	if (m->type == MESSAGE_PAGE || m->type == MESSAGE_SCREEN) {
		message_put_text(m, "name", message_text(m, m->at[M_NAME]));
		message_put_text(m, "category", message_text(m, m->at[M_CATEGORY]));
	}
	if (properties && !update && !message_properties(m, properties, e))
		return false;
	find_origin(m, context, properties);
	if (update)
		return !traits || message_traits(m, traits, e);
	str email = traits ? message_text(m, json_get(traits, S("email"))) : S("");
	if (email.n > 0 && email_is_fine(m->r->arena, email))
		m->t.email = email;
	if (context)
		message_put_text(m, "locale", message_text(m, json_get(context, S("locale"))));
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool finish(struct message_now *m, struct intake *t_r, err *e)
{
	struct prop *props = arena_alloc(m->r->arena, m->n * sizeof *props);
	if (!props)
		return arena_err(m->r->arena, e);
	for (size_t i = 0; i < m->n; i++)
		props[i] = m->r->props[i];
	*t_r = m->t;
	t_r->props = props;
	t_r->props_n = m->n;
	return true;
}

bool message_read(struct message_reader *r, const struct json *message, struct intake *t_r,
		  bool *ok_r, err *e)
{
	struct message_now m = { .r = r };
	r->problem[0] = '\0';
	r->fault = NULL;
	r->user_agent = r->page_host = S("");
	r->says_test = false;
	if (message->kind != JSON_OBJECT) {
		*ok_r = message_refuse(&m, "no_object", "a message is an object in braces");
		return true;
	}
	find_members(&m, message);
	*ok_r = find_type(&m) && find_time(&m) && find_ids(&m) && find_name(&m);
	if (*ok_r && !find_contents(&m, e))
		return false;
	if (r->arena->over)
		return arena_err(r->arena, e);
	if (*ok_r && m.too_many)
		*ok_r = message_refuse(&m, "too_many_properties",
				       "the message has more than %d properties", TOUCH_PROPS_MAX);
	*ok_r = *ok_r && is_about_somebody(&m);
	return !*ok_r || finish(&m, t_r, e);
}
