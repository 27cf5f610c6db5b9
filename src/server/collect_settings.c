/*
 * collect_settings.c - what the configuration says about collecting.
 *
 * What it is:   `collect`, a JSON object: bots ("mark", "drop", "count"), rate (messages a second
 *               of one key), names_max, keys_max, staff_networks, staff_domains, test_hosts,
 *               origins; and of `privacy`: dnt and gpc, both true unless set to false.
 * Promises:     a value that makes no sense leaves its default; a change holds from the next
 * request on. Threads:      made on the journal's writer; read by any through settings_ref.
 */
#include "server/collect.h"
#include "server/collect_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <string.h>

#define SETTINGS_ARENA_MAX    MIB
#define SETTINGS_DOCUMENT_MAX (64 * KIB)
#define SETTINGS_ITEMS_MAX    1000
#define NAMES_DEFAULT	      1000
#define KEYS_DEFAULT	      2000
#define NAMES_MOST	      (NAMES_SLOTS / 2)

/* ---- reading --------------------------------------------------------------------------------- */

static str list_item(struct arena *a, const struct json *node)
{
	return node->kind == JSON_TEXT ? str_lower(a, str_trim(node->text)) : S("");
}

static void read_list(struct collect_settings *s, const struct json *root, str key,
		      const str **items_r, size_t *n_r)
{
	const struct json *list = json_get(root, key);
	if (!list || list->kind != JSON_ARRAY)
		return;
	size_t n = 0;
	str *items = ARENA_ARRAY(&s->arena, str, MIN(list->n, (uint32_t)SETTINGS_ITEMS_MAX) + 1);
	for (const struct json *c = json_first(list); items && c && n < SETTINGS_ITEMS_MAX;
	     c = json_after(list, c)) {
		items[n] = list_item(&s->arena, c);
		n += items[n].n > 0;
	}
	*items_r = items;
	*n_r = items ? n : 0;
}

static bool address_read(str text, uint8_t bytes[16], bool *v4_r)
{
	char room[64];
	if (text.n == 0 || text.n >= sizeof room)
		return false;
	memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	memset(bytes, 0, 16);
	*v4_r = inet_pton(AF_INET, room, bytes + 12) == 1;
	if (*v4_r)
		bytes[10] = bytes[11] = 0xFF;
	return *v4_r || inet_pton(AF_INET6, room, bytes) == 1;
}

static bool network_read(str text, struct collect_network *n)
{
	size_t slash = str_index(text, '/');
	bool v4;
	uint64_t bits = 0;
	if (!address_read(str_sub(text, 0, slash), n->bytes, &v4))
		return false;
	unsigned whole = v4 ? 32 : 128;
	if (slash == text.n)
		bits = whole;
	else if (!num_parse_u64(str_sub(text, slash + 1, text.n), &bits) || bits > whole)
		return false;
	n->bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

static void read_networks(struct collect_settings *s, const struct json *root)
{
	const str *texts = NULL;
	size_t n = 0, kept = 0;
	read_list(s, root, S("staff_networks"), &texts, &n);
	struct collect_network *networks = ARENA_ARRAY(&s->arena, struct collect_network, n + 1);
	for (size_t i = 0; networks && i < n; i++)
		kept += network_read(texts[i], &networks[kept]);
	s->staff_networks = networks;
	s->staff_networks_n = kept;
}

static void read_count(const struct json *root, str key, uint64_t most, uint64_t *n)
{
	const struct json *node = json_get(root, key);
	if (node && node->kind == JSON_INT && node->i >= 0)
		*n = MIN((uint64_t)node->i, most);
}

static void read_collect(struct collect_settings *s, const struct json *root)
{
	str bots = json_text_of(root, S("bots"));
	if (str_eq(bots, S("drop")))
		s->bots = BOTS_DROP;
	else if (str_eq(bots, S("count")))
		s->bots = BOTS_COUNT;
	read_count(root, S("rate"), UINT32_MAX, &s->rate_per_s);
	read_count(root, S("names_max"), NAMES_MOST, &s->names_max);
	read_count(root, S("keys_max"), NAMES_MOST, &s->keys_max);
	read_list(s, root, S("staff_domains"), &s->staff_domains, &s->staff_domains_n);
	read_list(s, root, S("test_hosts"), &s->test_hosts, &s->test_hosts_n);
	read_list(s, root, S("origins"), &s->origins, &s->origins_n);
	read_networks(s, root);
}

static void read_privacy(struct collect_settings *s, const struct json *root)
{
	const struct json *dnt = json_get(root, S("dnt")), *gpc = json_get(root, S("gpc"));
	s->honour_dnt = !dnt || dnt->kind != JSON_BOOL || dnt->b;
	s->honour_gpc = !gpc || gpc->kind != JSON_BOOL || gpc->b;
}

/* The company's own domains are its staff's, beside those that `collect` names. */
static void read_workspace(struct collect_settings *s, const struct json *root)
{
	const str *own = NULL;
	size_t n = 0;
	read_list(s, root, S("domains"), &own, &n);
	str *all = ARENA_ARRAY(&s->arena, str, n + s->staff_domains_n + 1);
	for (size_t i = 0; all && i < s->staff_domains_n; i++)
		all[i] = s->staff_domains[i];
	for (size_t i = 0; all && i < n; i++)
		all[s->staff_domains_n + i] = own[i];
	if (!all)
		return;
	s->staff_domains = all;
	s->staff_domains_n += n;
}

/* The document of one name, read into the new settings. */
static void read_into(struct collect_settings *s, str text,
		      void (*read)(struct collect_settings *, const struct json *))
{
	struct json_parser *parser = NULL;
	const struct json *root;
	err e = { 0 };
	if (text.n > 0 && json_parser_new(&parser, SETTINGS_DOCUMENT_MAX, &e) &&
	    json_parse(parser, text, &s->arena, &root, &e) && root->kind == JSON_OBJECT)
		read(s, root);
	else if (text.n > 0)
		log_event(LOG_ERROR, "collect_settings", "why=\"%s\"", e.text);
	json_parser_free(&parser);
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool is_flag(const struct json *node)
{
	return node->kind == JSON_BOOL;
}

static bool is_count(const struct json *node)
{
	return node->kind == JSON_INT && node->i >= 0;
}

static bool is_texts(const struct json *node)
{
	bool ok = node->kind == JSON_ARRAY && node->n <= SETTINGS_ITEMS_MAX;
	for (const struct json *c = ok ? json_first(node) : NULL; c && ok; c = json_after(node, c))
		ok = c->kind == JSON_TEXT && c->text.n > 0;
	return ok;
}

static bool is_networks(const struct json *node)
{
	struct collect_network n;
	bool ok = is_texts(node);
	for (const struct json *c = ok ? json_first(node) : NULL; c && ok; c = json_after(node, c))
		ok = network_read(c->text, &n);
	return ok;
}

static bool is_months(const struct json *node)
{
	return node->kind == JSON_NULL ||
	       (node->kind == JSON_INT && node->i >= 1 && node->i <= RETENTION_MONTHS_MAX);
}

static bool is_bots(const struct json *node)
{
	return node->kind == JSON_TEXT &&
	       (str_eq(node->text, S("mark")) || str_eq(node->text, S("drop")) ||
		str_eq(node->text, S("count")));
}

static const struct member {
	const char *document, *name;
	bool (*fits)(const struct json *node);
	const char *what;
} MEMBERS[] = {
	{ "collect", "bots", is_bots, "\"mark\", \"drop\" or \"count\"" },
	{ "collect", "rate", is_count, "a number of messages a second" },
	{ "collect", "names_max", is_count, "a number" },
	{ "collect", "keys_max", is_count, "a number" },
	{ "collect", "staff_networks", is_networks, "a list of networks such as 192.0.2.0/24" },
	{ "collect", "staff_domains", is_texts, "a list of domains" },
	{ "collect", "test_hosts", is_texts, "a list of hosts" },
	{ "collect", "origins", is_texts, "a list of origins such as https://www.example.com" },
	{ "privacy", "dnt", is_flag, "true or false" },
	{ "privacy", "gpc", is_flag, "true or false" },
	{ "privacy", "retention", is_months, "a number of months from 1 to 1200, or null" },
};

static bool member_check(str document, const struct json *node, err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
		const struct member *m = &MEMBERS[i];
		if (!str_eq(document, str_of(m->document)) || !str_eq(node->key, str_of(m->name)))
			continue;
		return m->fits(node) ||
		       err_set(e, ERR_INVALID, "\"%s\" has to be %s", m->name, m->what);
	}
	/* Others keep what is theirs in `privacy` as well. */
	return !str_eq(document, S("collect")) ||
	       err_set(e, ERR_INVALID, "there is no \"%.*s\"", STR_ARG(node->key));
}

bool collect_config_check(str name, str text, err *e)
{
	struct json_parser *parser = NULL;
	struct arena a CLEANUP(arena_fini);
	const struct json *root;
	arena_init(&a, SETTINGS_ARENA_MAX);
	if (text.n == 0)
		return true;
	bool ok = json_parser_new(&parser, SETTINGS_DOCUMENT_MAX, e) &&
		  json_parse(parser, text, &a, &root, e) &&
		  (root->kind == JSON_OBJECT ||
		   err_set(e, ERR_INVALID, "it has to be an object in braces"));
	for (const struct json *c = ok ? json_first(root) : NULL; c && ok; c = json_after(root, c))
		ok = member_check(name, c, e);
	json_parser_free(&parser);
	return ok;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static struct collect_settings *settings_new(void)
{
	static const str TEST_HOSTS[] = { S("localhost"), S("127.0.0.1") };
	struct collect_settings *s = mem_zalloc(1, sizeof *s);
	if (!s)
		return NULL;
	arena_init(&s->arena, SETTINGS_ARENA_MAX);
	s->refs = 1;
	s->honour_dnt = s->honour_gpc = true;
	s->names_max = NAMES_DEFAULT;
	s->keys_max = KEYS_DEFAULT;
	s->test_hosts = TEST_HOSTS;
	s->test_hosts_n = ARRAY_LEN(TEST_HOSTS);
	return s;
}

void settings_unref(struct collect_settings *s)
{
	if (s && --s->refs == 0) {
		arena_fini(&s->arena);
		mem_free(s);
	}
}

/* The text as it was last told, kept for when the other one changes. */
static void keep_text(struct buf *b, str text)
{
	buf_clear(b);
	buf_str(b, text);
}

/* On the writer's thread: one of the documents changed. */
static bool changed(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct collect *c = arg;
	struct buf *of = str_eq(name, S("collect"))	? &c->collect_text
			 : str_eq(name, S("privacy"))	? &c->privacy_text
			 : str_eq(name, S("workspace")) ? &c->workspace_text
							: NULL;
	(void)from_seq;
	(void)from_us;
	(void)by;
	if (!of)
		return true;
	keep_text(of, text);
	struct collect_settings *s = settings_new();
	if (!s)
		return false;
	read_into(s, buf_view(&c->collect_text), read_collect);
	read_into(s, buf_view(&c->privacy_text), read_privacy);
	read_into(s, buf_view(&c->workspace_text), read_workspace);
	mutex_lock(&c->lock);
	struct collect_settings *old = c->settings;
	c->settings = s;
	settings_unref(old);
	mutex_unlock(&c->lock);
	return true;
}

bool settings_open(struct collect *c, err *e)
{
	buf_init(&c->collect_text, SETTINGS_DOCUMENT_MAX);
	buf_init(&c->privacy_text, SETTINGS_DOCUMENT_MAX);
	buf_init(&c->workspace_text, SETTINGS_DOCUMENT_MAX);
	c->settings = settings_new();
	return c->settings ? journal_config_watch(c->journal, changed, c, e) : err_nomem(e);
}

void settings_close(struct collect *c)
{
	settings_unref(c->settings);
	buf_fini(&c->collect_text);
	buf_fini(&c->privacy_text);
	buf_fini(&c->workspace_text);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool is_within(const struct collect_network *n, const uint8_t address[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	if (memcmp(n->bytes, address, whole) != 0)
		return false;
	return rest == 0 || (n->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

/* "host" is "host" and all below it. */
static bool is_host_of(str host, str domain)
{
	if (host.n < domain.n || domain.n == 0)
		return false;
	str tail = str_sub(host, host.n - domain.n, domain.n);
	return str_eq_nocase(tail, domain) &&
	       (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

bool settings_is_staff(const struct collect_settings *s, str client, str email)
{
	uint8_t address[16];
	bool v4;
	if (s->staff_networks_n > 0 && address_read(client, address, &v4)) {
		for (size_t i = 0; i < s->staff_networks_n; i++) {
			if (is_within(&s->staff_networks[i], address))
				return true;
		}
	}
	str host = str_sub(email, str_index(email, '@') + 1, email.n);
	for (size_t i = 0; i < s->staff_domains_n && host.n > 0; i++) {
		if (is_host_of(host, s->staff_domains[i]))
			return true;
	}
	return false;
}

bool settings_is_test(const struct collect_settings *s, str page_host)
{
	for (size_t i = 0; i < s->test_hosts_n && page_host.n > 0; i++) {
		if (is_host_of(page_host, s->test_hosts[i]))
			return true;
	}
	return false;
}

bool settings_takes_origin(const struct collect_settings *s, str origin)
{
	for (size_t i = 0; i < s->origins_n; i++) {
		if (str_eq_nocase(origin, s->origins[i]))
			return true;
	}
	return s->origins_n == 0;
}
