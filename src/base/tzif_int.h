/*
 * tzif_int.h - a zone's changes of offset, read from a TZif file (RFC 8536).
 *
 * What it is:   all changes as one sorted array. What the file's last line says about the time
 * after its last change (a POSIX TZ rule) is written out for 401 years; as the calendar repeats
 * every 400, later years are looked up in those. Threads:      immutable once read.
 */
#ifndef TRICHTER_TZIF_INT_H
#define TRICHTER_TZIF_INT_H

#include "base/str.h"
#include "base/vec.h"

/* From at_s (seconds UTC since 1970) on, clocks are offset_s ahead of UTC. */
struct zone_change {
	int64_t at_s;
	int32_t offset_s;
};

struct zone_table {
	VEC(struct zone_change) changes; /* by rising at_s */
	int32_t offset_first_s;		 /* before the first change */
	bool repeats;			 /* the last 400 years hold for all later ones */
};

#define ZONE_FILE_BYTES_MAX (256 * KIB)

/* Reads the bytes of a file; zone_table_fini gives back what it took. */
bool zone_table_read(struct zone_table *z_r, const void *p, size_t n, err *e) MUST_CHECK;
void zone_table_fini(struct zone_table *z);

int32_t zone_table_offset(const struct zone_table *z, int64_t at_s);
/* The instant at which clocks show local_s; twice: the first; never: past the gap by as much as it
 * is past the gap's beginning. */
int64_t zone_table_from_local(const struct zone_table *z, int64_t local_s);
/* The first instant at which clocks show local_s or more. */
int64_t zone_table_reach(const struct zone_table *z, int64_t local_s);

/* A POSIX TZ rule, "CET-1CEST,M3.5.0,M10.5.0/3": posix_tz.c. */
enum posix_day { POSIX_JULIAN, POSIX_DAY, POSIX_MONTH };
struct posix_change {
	enum posix_day kind;
	int day; /* JULIAN 1 … 365, without Feb 29; DAY 0 … 365; MONTH weekday 0 (Sunday) … 6 */
	int month;
	int week;	/* 1 … 5, 5 is the last */
	int32_t time_s; /* after local midnight, -167 h … 167 h */
};
struct posix_tz {
	int32_t std_s; /* east of UTC */
	int32_t dst_s;
	bool has_dst;
	struct posix_change start;
	struct posix_change end;
};
bool posix_tz_parse(str s, struct posix_tz *tz_r) MUST_CHECK;
/* The local midnight's day number (since 1970) on which the change falls in that year. */
int64_t posix_change_day(const struct posix_change *c, int year);

#endif
