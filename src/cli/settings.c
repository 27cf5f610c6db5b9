/*
 * settings.c - the settings file of a data directory.
 *
 * What it is:   one table of settings; the file is YAML with one line each, so that it can be
 * edited by hand and by `config set` alike. Promises:     writing changes one line and leaves
 * comments and all else as they are; a value is checked before it is written. Threads:      one at
 * a time.
 */
#include "cli/settings_int.h"

#include "base/num.h"
#include "base/time.h"
#include "io/file.h"
#include "io/yaml.h"

#include <stdlib.h>
#include <string.h>

#define SETTINGS_BYTES_MAX MIB
#define MEMORY_MAX_LEAST   (16 * MIB)
#define CONNECTIONS_MAX	   12000
#define CONNECTIONS_MOST   1000000
#define TAIL_TOUCHES	   524288
#define TAIL_LEAST	   100
#define TAIL_MOST	   100000000

static const struct {
	const char *name, *variable, *value, *help;
} known[SETTINGS_N] = {
	[SETTING_ZONE] = { "zone", "TRICHTER_ZONE", "UTC",
			   "the time zone of days, weeks and months, and of local times in files" },
	[SETTING_MEMORY_MAX] = { "memory_max", "TRICHTER_MEMORY_MAX", "1GiB",
				 "the most memory that one query may take" },
	[SETTING_LISTEN] = { "listen", "TRICHTER_LISTEN", "127.0.0.1:8080",
			     "where the server listens: HOST:PORT" },
	[SETTING_TRUSTED_PROXIES] = { "trusted_proxies", "TRICHTER_TRUSTED_PROXIES",
				      "127.0.0.0/8 ::1",
				      "whose X-Forwarded-For and -Proto are believed: addresses and "
				      "networks, separated by blanks" },
	[SETTING_CONNECTIONS_MAX] = { "connections_max", "TRICHTER_CONNECTIONS_MAX", "12000",
				      "the most connections at a time" },
	[SETTING_CONNECTIONS_PER_CLIENT_MAX] = { "connections_per_client_max",
						 "TRICHTER_CONNECTIONS_PER_CLIENT_MAX", "0",
						 "the most connections of one address; 0: any "
						 "number. Leave it 0 behind a proxy" },
	[SETTING_ACCESS_LOG] = { "access_log", "TRICHTER_ACCESS_LOG", "api",
				 "which requests are logged, by route: api, all or off" },
	[SETTING_TAIL_TOUCHES] = { "tail_touches", "TRICHTER_TAIL_TOUCHES", "524288",
				   "how many of the newest touches stay out of the archive: when "
				   "there are more, the older half of them is sealed" },
};

void settings_init(struct settings *s)
{
	*s = (struct settings){ .memory_max = GIB,
				.connections_max = CONNECTIONS_MAX,
				.tail_touches = TAIL_TOUCHES };
	for (size_t i = 0; i < SETTINGS_N; i++)
		s->all[i] = (struct setting){ known[i].name, known[i].variable, known[i].help,
					      str_of(known[i].value), SETTING_DEFAULT };
}

const struct setting *settings_find(const struct settings *s, str name)
{
	for (size_t i = 0; i < SETTINGS_N; i++) {
		if (str_eq(name, str_of(s->all[i].name)))
			return &s->all[i];
	}
	return NULL;
}

const char *setting_origin_name(enum setting_origin origin)
{
	static const char *const names[] = { "default", "file", "environment" };
	return names[origin];
}

/* "512MiB", "1 GiB", "2GB" */
static bool bytes_parse(str text, size_t *bytes_r, err *e)
{
	static const struct {
		const char *name;
		uint64_t times;
	} units[] = { { "KIB", KIB }, { "MIB", MIB },	     { "GIB", GIB },
		      { "KB", 1000 }, { "MB", 1000 * 1000 }, { "GB", 1000 * 1000 * 1000 },
		      { "K", KIB },   { "M", MIB },	     { "G", GIB } };
	str number = str_trim(text);
	uint64_t times = 1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i].name);
		if (number.n <= n ||
		    !str_eq_nocase(str_sub(number, number.n - n, n), str_of(units[i].name)))
			continue;
		times = units[i].times;
		number = str_trim(str_sub(number, 0, number.n - n));
		break;
	}
	uint64_t n = 0;
	uint64_t bytes = 0;
	if (!num_parse_u64(number, &n) || MUL_OVERFLOWS(n, times, &bytes) || bytes > SIZE_MAX / 2)
		return err_set(e, ERR_INVALID, "\"%.*s\" is no size such as 512MiB or 2GiB",
			       STR_ARG(text));
	if (bytes < MEMORY_MAX_LEAST)
		return err_set(e, ERR_INVALID, "%.*s is too little: 16MiB at least", STR_ARG(text));
	*bytes_r = (size_t)bytes;
	return true;
}

static bool connections_parse(str text, size_t least, size_t *n_r, err *e)
{
	uint64_t n = 0;
	if (!num_parse_u64(str_trim(text), &n) || n < least || n > CONNECTIONS_MOST)
		return err_set(e, ERR_INVALID, "\"%.*s\" is no number from %zu to %d",
			       STR_ARG(text), least, CONNECTIONS_MOST);
	*n_r = (size_t)n;
	return true;
}

static bool tail_parse(str text, uint64_t *n_r, err *e)
{
	uint64_t n = 0;
	if (!num_parse_u64(str_trim(text), &n) || n < TAIL_LEAST || n > TAIL_MOST)
		return err_set(e, ERR_INVALID, "\"%.*s\" is no number from %d to %d", STR_ARG(text),
			       TAIL_LEAST, TAIL_MOST);
	*n_r = n;
	return true;
}

static bool access_log_parse(str text, enum setting_access_log *what_r, err *e)
{
	static const char *const names[] = { "api", "all", "off" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!str_eq(text, str_of(names[i])))
			continue;
		*what_r = (enum setting_access_log)i;
		return true;
	}
	return err_set(e, ERR_INVALID, "\"%.*s\" is not api, all or off", STR_ARG(text));
}

/* Checks a value, and lets it hold. */
static bool setting_apply(struct settings *s, enum setting_id id, str value, err *e)
{
	bool ok = true;
	char zone[256];
	switch (id) {
	case SETTING_ZONE:
		if (value.n >= sizeof zone || value.n == 0)
			return err_set(e, ERR_INVALID, "zone: \"%.*s\" is no time zone",
				       STR_ARG(value));
		memcpy(zone, value.p, value.n);
		zone[value.n] = '\0';
		ok = zone_set(zone, e);
		break;
	case SETTING_MEMORY_MAX:
		ok = bytes_parse(value, &s->memory_max, e);
		break;
	case SETTING_LISTEN:
		ok = str_index(value, ':') < value.n ||
		     err_set(e, ERR_INVALID, "\"%.*s\" is not HOST:PORT", STR_ARG(value));
		break;
	case SETTING_TRUSTED_PROXIES:
		break; /* the server looks at each */
	case SETTING_CONNECTIONS_MAX:
		ok = connections_parse(value, 16, &s->connections_max, e);
		break;
	case SETTING_CONNECTIONS_PER_CLIENT_MAX:
		ok = connections_parse(value, 0, &s->connections_per_client_max, e);
		break;
	case SETTING_ACCESS_LOG:
		ok = access_log_parse(value, &s->access_log, e);
		break;
	case SETTING_TAIL_TOUCHES:
		ok = tail_parse(value, &s->tail_touches, e);
		break;
	case SETTINGS_N:
		break;
	}
	return ok || err_prefix(e, "%s", known[id].name);
}

static bool settings_path(char path[4096], const char *dir, err *e)
{
	size_t n = strlen(dir);
	if (n + sizeof "/" SETTINGS_FILE > 4096)
		return err_set(e, ERR_INVALID, "the name of the data directory is too long");
	memcpy(path, dir, n);
	memcpy(path + n, "/" SETTINGS_FILE, sizeof "/" SETTINGS_FILE);
	return true;
}

static bool settings_take(struct settings *s, str text, struct arena *a, err *e)
{
	const struct yaml *root = NULL;
	if (str_trim(text).n == 0)
		return true;
	if (!yaml_parse(text, a, &root, e))
		return false;
	if (root == NULL || (root->kind == YAML_TEXT && root->text.n == 0))
		return true;
	if (root->kind != YAML_MAP)
		return err_set(e, ERR_INVALID, "line 1: settings are lines of \"name: value\"");
	for (size_t i = 0; i < root->n; i++) {
		const struct yaml *item = &root->items[i];
		const struct setting *found = settings_find(s, item->key);
		if (found == NULL)
			return err_set(e, ERR_INVALID, "line %u: there is no setting \"%.*s\"",
				       item->line, STR_ARG(item->key));
		if (item->kind != YAML_TEXT)
			return err_set(e, ERR_INVALID, "line %u: %s wants one value", item->line,
				       found->name);
		struct setting *setting = &s->all[found - s->all];
		setting->value = item->text;
		setting->origin = SETTING_FILE;
		if (!setting_apply(s, (enum setting_id)(setting - s->all), item->text, e))
			return err_prefix(e, "line %u", item->line);
	}
	return true;
}

static bool settings_text(const char *dir, struct arena *a, str *text_r, err *e)
{
	char path[4096];
	if (!settings_path(path, dir, e))
		return false;
	*text_r = S("");
	if (!fs_exists(fs_real(), path))
		return true;
	struct buf b;
	buf_init(&b, SETTINGS_BYTES_MAX);
	bool ok = fs_read_all(fs_real(), path, SETTINGS_BYTES_MAX, &b, e);
	if (ok) {
		*text_r = str_dup(a, buf_view(&b));
		ok = text_r->p != NULL || b.n == 0 || arena_err(a, e);
	}
	buf_fini(&b);
	return ok;
}

bool settings_read(struct settings *s, const char *dir, struct arena *a, err *e)
{
	settings_init(s);
	str text;
	if (!settings_text(dir, a, &text, e))
		return false;
	if (!settings_take(s, text, a, e))
		return err_prefix(e, "%s/%s", dir, SETTINGS_FILE);
	for (size_t i = 0; i < SETTINGS_N; i++) {
		const char *value = getenv(s->all[i].variable);
		if (value == NULL || value[0] == '\0')
			continue;
		s->all[i].value = str_of(value);
		s->all[i].origin = SETTING_ENVIRONMENT;
		if (!setting_apply(s, (enum setting_id)i, s->all[i].value, e))
			return err_prefix(e, "%s", s->all[i].variable);
	}
	return true;
}

bool settings_check(str text, struct arena *a, err *e)
{
	struct settings s;
	settings_init(&s);
	return settings_take(&s, text, a, e);
}

/* A plain scalar needs no quotes when nothing in it means something in YAML. */
static void put_scalar(struct buf *b, str value)
{
	bool plain = value.n > 0;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			      (c >= '0' && c <= '9');
		plain = plain && (letter || c == '/' || c == '_' || c == '.' || c == '+' ||
				  (c == '-' && i > 0));
	}
	if (plain) {
		buf_str(b, value);
		return;
	}
	buf_byte(b, '\'');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\'')
			buf_byte(b, '\'');
		buf_byte(b, (uint8_t)value.p[i]);
	}
	buf_byte(b, '\'');
}

static void put_line(struct buf *b, str name, str value)
{
	buf_printf(b, "%.*s: ", STR_ARG(name));
	put_scalar(b, value);
	buf_byte(b, '\n');
}

void settings_put_file(struct buf *b, str zone)
{
	buf_cstr(b,
		 "# Settings of this data directory. `trichter config get` shows what holds and\n"
		 "# why; a variable TRICHTER_NAME goes before a line here.\n");
	for (size_t i = 0; i < SETTINGS_N; i++) {
		str value = i == SETTING_ZONE && zone.n > 0 ? zone : str_of(known[i].value);
		buf_printf(b, "\n# %s\n", known[i].help);
		put_line(b, str_of(known[i].name), value);
	}
}

bool settings_write(const char *dir, str name, str value, struct arena *a, err *e)
{
	struct settings s;
	str text;
	char path[4096];
	settings_init(&s);
	const struct setting *setting = settings_find(&s, name);
	if (setting == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no setting \"%.*s\"", STR_ARG(name));
	if (str_index(value, '\n') < value.n)
		return err_set(e, ERR_INVALID, "a setting is one line");
	if (!setting_apply(&s, (enum setting_id)(setting - s.all), value, e) ||
	    !settings_text(dir, a, &text, e) || !settings_path(path, dir, e))
		return false;
	struct buf b;
	buf_init(&b, SETTINGS_BYTES_MAX);
	bool written = false;
	for (str line; text.n > 0;) {
		size_t end = str_index(text, '\n');
		line = str_sub(text, 0, end);
		text = str_sub(text, end + 1, text.n);
		if (!written && str_starts(line, name) &&
		    str_starts(str_trim(str_sub(line, name.n, line.n)), S(":"))) {
			put_line(&b, name, value);
			written = true;
			continue;
		}
		buf_str(&b, line);
		buf_byte(&b, '\n');
	}
	if (!written)
		put_line(&b, name, value);
	/* What is about to be written must read back, all of it. */
	bool ok = buf_ok(&b, e) && settings_take(&s, buf_view(&b), a, e) &&
		  fs_write_all(fs_real(), path, buf_view(&b), e);
	buf_fini(&b);
	return ok || err_prefix(e, "%s", path);
}

bool settings_make(const char *dir, str zone, err *e)
{
	char path[4096];
	struct buf b;
	if (!settings_path(path, dir, e))
		return false;
	if (fs_exists(fs_real(), path))
		return true;
	buf_init(&b, SETTINGS_BYTES_MAX);
	settings_put_file(&b, zone);
	bool ok = buf_ok(&b, e) && fs_write_all(fs_real(), path, buf_view(&b), e);
	buf_fini(&b);
	return ok;
}
