/*
 * tzif.c - reading TZif files, and looking up in what they say.
 *
 * What it is:   version 1 has times of 32 bits; later ones repeat everything with 64 bits behind it
 *               and end with a rule. Only the best part is read.
 * Promises:     no count, index or time of the file is trusted; what is wrong is refused as
 * corrupt.
 */
#include "base/tzif_int.h"

#include "base/buf.h"
#include "base/time_int.h"

#define HEADER_BYTES 44
#define CHANGES_MAX  4096
#define TYPES_MAX    256
/* RFC 8536: more than -25 hours, less than 26. */
#define OFFSET_LEAST (-25 * 3600 + 1)
#define OFFSET_MOST  (26 * 3600 - 1)
/* Beyond any instant, and far from where sums with offsets would overflow. */
#define AT_MOST	    (INT64_C(1) << 60)

#define CYCLE_YEARS 400
#define CYCLE_S	    (INT64_C(146097) * 86400)
#define TWO_DAYS_S  (INT64_C(2) * 86400)

struct tzif_header {
	uint8_t version;
	uint32_t ut;
	uint32_t standard;
	uint32_t leap;
	uint32_t changes;
	uint32_t types;
	uint32_t chars;
};

static bool corrupt(err *e, const char *why)
{
	return err_set(e, ERR_CORRUPT, "the time zone's file is damaged: %s", why);
}

/* `bytes` bytes, most significant first, signed. */
static int64_t read_big(struct reader *r, size_t bytes)
{
	uint64_t v = 0;
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | reader_byte(r);
	unsigned spare = (unsigned)(64 - 8 * bytes);
	return (int64_t)(v << spare) >> spare;
}

static bool header_read(struct reader *r, struct tzif_header *h, err *e)
{
	if (!str_eq(reader_bytes(r, 4), S("TZif")))
		return corrupt(e, "it does not begin with TZif");
	h->version = reader_byte(r);
	(void)reader_bytes(r, 15);
	h->ut = (uint32_t)read_big(r, 4);
	h->standard = (uint32_t)read_big(r, 4);
	h->leap = (uint32_t)read_big(r, 4);
	h->changes = (uint32_t)read_big(r, 4);
	h->types = (uint32_t)read_big(r, 4);
	h->chars = (uint32_t)read_big(r, 4);
	if (r->bad)
		return corrupt(e, "it is too short");
	if (h->types < 1 || h->types > TYPES_MAX || h->changes > CHANGES_MAX)
		return corrupt(e, "its counts make no sense");
	return true;
}

static uint64_t tail_bytes(const struct tzif_header *h, size_t time_bytes)
{
	return (uint64_t)h->chars + (uint64_t)h->leap * (time_bytes + 4) + h->standard + h->ut;
}

static void block_skip(struct reader *r, const struct tzif_header *h, size_t time_bytes)
{
	uint64_t changes = (uint64_t)h->changes * (time_bytes + 1);
	(void)reader_bytes(r, changes + (uint64_t)h->types * 6 + tail_bytes(h, time_bytes));
}

static bool change_add(struct zone_table *z, int64_t at_s, int32_t offset_s, err *e)
{
	struct zone_change c = { .at_s = at_s, .offset_s = offset_s };
	return vec_push(&z->changes, c) || err_nomem(e);
}

static bool types_read(struct reader *r, uint32_t n, int32_t *offsets, err *e)
{
	for (uint32_t i = 0; i < n; i++) {
		int64_t offset = read_big(r, 4);
		(void)reader_bytes(r, 2); /* daylight, name */
		if (offset < OFFSET_LEAST || offset > OFFSET_MOST)
			return corrupt(e, "an offset is more than a day");
		offsets[i] = (int32_t)offset;
	}
	return r->bad ? corrupt(e, "it is too short") : true;
}

static bool block_read(struct zone_table *z, struct reader *r, const struct tzif_header *h,
		       size_t time_bytes, err *e)
{
	/* "right/" zones count leap seconds, which instants here do not. */
	if (h->leap > 0)
		return err_set(e, ERR_INVALID, "time zones with leap seconds are of no use here");
	struct reader times;
	str bytes = reader_bytes(r, (uint64_t)h->changes * time_bytes);
	str indexes = reader_bytes(r, h->changes);
	int32_t offsets[TYPES_MAX];
	if (!types_read(r, h->types, offsets, e))
		return false;
	(void)reader_bytes(r, tail_bytes(h, time_bytes));
	if (r->bad)
		return corrupt(e, "it is too short");
	z->offset_first_s = offsets[0];
	reader_init(&times, bytes.p, bytes.n);
	int64_t last = -AT_MOST - 1;
	for (uint32_t i = 0; i < h->changes; i++) {
		int64_t at = read_big(&times, time_bytes);
		uint8_t type = (uint8_t)indexes.p[i];
		if (at <= last || at > AT_MOST || type >= h->types)
			return corrupt(e, "its changes are out of order");
		last = at;
		if (!change_add(z, at, offsets[type], e))
			return false;
	}
	return true;
}

/* Two changes may fall on one instant (daylight time all the year round): the later rule counts. */
static bool rule_add(struct zone_table *z, int64_t after_s, int64_t at_s, int32_t offset_s, err *e)
{
	if (at_s <= after_s)
		return true;
	struct zone_change *last = z->changes.n > 0 ? &z->changes.items[z->changes.n - 1] : NULL;
	if (last && at_s < last->at_s)
		return true;
	if (last && at_s == last->at_s) {
		last->offset_s = offset_s;
		return true;
	}
	return change_add(z, at_s, offset_s, e);
}

static bool rule_expand(struct zone_table *z, const struct posix_tz *tz, err *e)
{
	int64_t after = z->changes.n > 0 ? z->changes.items[z->changes.n - 1].at_s : -AT_MOST - 1;
	int64_t from_s = MIN(MAX(after, TIME_MIN_US / US_PER_S), TIME_MAX_US / US_PER_S);
	int from;
	int month;
	int day;
	time_civil_from_days(floor_div(from_s, 86400), &from, &month, &day);
	for (int year = from; year <= from + CYCLE_YEARS + 1; year++) {
		int64_t start = posix_change_day(&tz->start, year) * 86400 + tz->start.time_s -
				tz->std_s;
		int64_t end = posix_change_day(&tz->end, year) * 86400 + tz->end.time_s - tz->dst_s;
		bool south = end < start;
		if (!rule_add(z, after, south ? end : start, south ? tz->std_s : tz->dst_s, e) ||
		    !rule_add(z, after, south ? start : end, south ? tz->dst_s : tz->std_s, e))
			return false;
	}
	z->repeats = z->changes.n > 0;
	return true;
}

static bool footer_read(struct zone_table *z, struct reader *r, err *e)
{
	str rest = { (const char *)r->p, (size_t)(r->end - r->p) };
	str line;
	if (rest.n < 2 || rest.p[0] != '\n')
		return corrupt(e, "its last line is missing");
	rest = str_sub(rest, 1, rest.n);
	size_t n = str_index(rest, '\n');
	if (n == rest.n)
		return corrupt(e, "its last line does not end");
	line = str_sub(rest, 0, n);
	if (line.n == 0)
		return true; /* what holds after the last change is not known: its offset stays */
	struct posix_tz tz;
	if (!posix_tz_parse(line, &tz))
		return corrupt(e, "its last line is no rule");
	return !tz.has_dst || rule_expand(z, &tz, e);
}

static bool file_read(struct zone_table *z, struct reader *r, err *e)
{
	struct tzif_header h;
	if (!header_read(r, &h, e))
		return false;
	if (h.version == 0)
		return block_read(z, r, &h, 4, e);
	block_skip(r, &h, 4);
	return header_read(r, &h, e) && block_read(z, r, &h, 8, e) && footer_read(z, r, e);
}

bool zone_table_read(struct zone_table *z_r, const void *p, size_t n, err *e)
{
	struct reader r;
	struct zone_table z = { 0 };
	if (n > ZONE_FILE_BYTES_MAX)
		return corrupt(e, "it is too long");
	reader_init(&r, p, n);
	if (!file_read(&z, &r, e)) {
		zone_table_fini(&z);
		return false;
	}
	*z_r = z;
	return true;
}

void zone_table_fini(struct zone_table *z)
{
	vec_free(&z->changes);
	*z = (struct zone_table){ 0 };
}

/* How many changes are at or before at_s. */
static size_t changes_until(const struct zone_table *z, int64_t at_s)
{
	size_t low = 0;
	size_t high = z->changes.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (z->changes.items[middle].at_s <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int32_t offset_after(const struct zone_table *z, size_t changes)
{
	return changes > 0 ? z->changes.items[changes - 1].offset_s : z->offset_first_s;
}

/* What to take off so that s lies among the changes: whole cycles of the calendar, or nothing. */
static int64_t cycles_past(const struct zone_table *z, int64_t s)
{
	if (!z->repeats)
		return 0;
	/* Two days before the end, so that the changes around s are all there. */
	int64_t end = z->changes.items[z->changes.n - 1].at_s - TWO_DAYS_S;
	return s < end ? 0 : ((s - end) / CYCLE_S + 1) * CYCLE_S;
}

int32_t zone_table_offset(const struct zone_table *z, int64_t at_s)
{
	return offset_after(z, changes_until(z, at_s - cycles_past(z, at_s)));
}

/* The change after which, first of all, clocks are past local_s for good; z->changes.n: none. */
static size_t change_past_local(const struct zone_table *z, int64_t local_s)
{
	size_t i = changes_until(z, local_s - TWO_DAYS_S);
	for (; i < z->changes.n; i++) {
		int32_t before = offset_after(z, i);
		int32_t after = offset_after(z, i + 1);
		if (local_s < z->changes.items[i].at_s + MAX(before, after))
			break;
	}
	return i;
}

int64_t zone_table_from_local(const struct zone_table *z, int64_t local_s)
{
	int64_t cycles = cycles_past(z, local_s);
	local_s -= cycles;
	return local_s - offset_after(z, change_past_local(z, local_s)) + cycles;
}

int64_t zone_table_reach(const struct zone_table *z, int64_t local_s)
{
	int64_t cycles = cycles_past(z, local_s);
	local_s -= cycles;
	size_t i = change_past_local(z, local_s);
	int64_t at = local_s - offset_after(z, i);
	/* In a gap the clocks are past local_s as soon as they are put forward. */
	if (i < z->changes.n)
		at = MIN(at, z->changes.items[i].at_s);
	return at + cycles;
}
