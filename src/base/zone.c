/*
 * zone.c - the workspace's zone, and days, weeks and months in it.
 *
 * What it is:   one zone for the process, of our own reading: the C library's belongs to whoever
 *               sets TZ, and cannot turn local time into UTC without locks.
 * Promises:     the starts of days, weeks and months part time without gap or overlap:
 * time_floor(t)
 *               <= t < time_next(time_floor(t)), also where clocks pass midnight twice or never.
 * Threads:      zone_set before threads start; everything else any.
 */
#include "base/time.h"
#include "base/time_int.h"
#include "base/tzif_int.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES_MAX 64
#define PATH_BYTES_MAX 512
#define DIR_DEFAULT    "/usr/share/zoneinfo"
/* A local month may begin before the first instant and end behind the last. */
#define SPARE_DAYS 64

/* UTC until something else is set. */
static struct {
	char name[NAME_BYTES_MAX];
	struct zone_table table;
} zone = { .name = "UTC" };

/* Letters, digits, "_+-" and "/" between names: nothing that could lead out of the directory. */
static bool name_is_plain(const char *name)
{
	static const char MORE[] = "_+-/";
	size_t n = strnlen(name, NAME_BYTES_MAX);
	if (n == 0 || n == NAME_BYTES_MAX || name[0] == '/' || name[n - 1] == '/')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !strchr(MORE, c))
			return false;
	}
	return true;
}

/* Reads at most `most` bytes; -1 with errno. */
static ssize_t file_take(const char *path, char *p, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t n = 0;
	ssize_t got = 1;
	while (got != 0 && n < most) {
		got = read(fd, p + n, most - n);
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	int errno_read = errno;
	close(fd);
	errno = errno_read;
	return got < 0 ? -1 : (ssize_t)n;
}

static bool table_load(const char *name, struct zone_table *z_r, err *e)
{
	const char *dir = getenv("TZDIR");
	char path[PATH_BYTES_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : DIR_DEFAULT, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return err_set(e, ERR_INVALID, "the path of the time zones (TZDIR) is too long");
	/* One byte more than is allowed tells that a file is longer. */
	char *bytes = mem_alloc(ZONE_FILE_BYTES_MAX + 1);
	if (!bytes)
		return err_nomem(e);
	ssize_t got = file_take(path, bytes, ZONE_FILE_BYTES_MAX + 1);
	bool ok = got >= 0;
	if (!ok)
		err_set_errno(e, ERR_IO, errno,
			      "the time zone \"%s\" cannot be read (is tzdata installed?): %s",
			      name, path);
	else
		ok = zone_table_read(z_r, bytes, (size_t)got, e) || err_prefix(e, "%s", path);
	mem_free(bytes);
	return ok;
}

bool zone_set(const char *name, err *e)
{
	if (!name_is_plain(name)) {
		char shown[TIME_SHOWN_MAX];
		return err_set(e, ERR_INVALID,
			       "\"%s\" is no name of a time zone such as Europe/Berlin or UTC",
			       time_show(shown, str_of(name)));
	}
	struct zone_table table = { 0 };
	/* Must work where no zone files are installed. */
	if (strcmp(name, "UTC") != 0 && !table_load(name, &table, e))
		return false;
	zone_table_fini(&zone.table);
	zone.table = table;
	memcpy(zone.name, name, strlen(name) + 1);
	return true;
}

const char *zone_name(void)
{
	return zone.name;
}

int32_t zone_offset_s(int64_t at_us)
{
	return zone_table_offset(&zone.table, floor_div(at_us, US_PER_S));
}

int64_t zone_from_local(int64_t local_us)
{
	int64_t local_s = floor_div(local_us, US_PER_S);
	int64_t at_s = zone_table_from_local(&zone.table, local_s);
	return local_us + (at_s - local_s) * US_PER_S;
}

int64_t time_local_midnight(int64_t days)
{
	days = MIN(MAX(days, TIME_DAYS_MIN - SPARE_DAYS), TIME_DAYS_MAX + SPARE_DAYS);
	return zone_table_reach(&zone.table, days * 86400) * US_PER_S;
}

/* The local day to which an instant belongs. Where clocks put back pass midnight twice, the day
 * begins the first time and keeps the hour in which they show the day before once more. */
static int64_t day_of(int64_t at_us)
{
	int64_t days = floor_div(at_us + zone_offset_s(at_us) * US_PER_S, US_PER_DAY);
	while (time_local_midnight(days + 1) <= at_us)
		days++;
	return days;
}

static int64_t month_start(int64_t days, int months_later)
{
	int year;
	int month;
	int day;
	time_civil_from_days(days, &year, &month, &day);
	int count = year * 12 + (month - 1) + months_later;
	return time_days_from_civil(count / 12, count % 12 + 1, 1);
}

/* 1970-01-01 was a Thursday, three days after a Monday. */
static int64_t week_start(int64_t days)
{
	return floor_div(days + 3, 7) * 7 - 3;
}

int64_t time_floor(int64_t at_us, enum time_unit unit)
{
	int64_t days = day_of(time_clamp(at_us));
	if (unit == TIME_WEEK)
		days = week_start(days);
	else if (unit == TIME_MONTH)
		days = month_start(days, 0);
	return time_local_midnight(days);
}

int64_t time_next(int64_t floor_us, enum time_unit unit)
{
	int64_t floor = MIN(MAX(floor_us, TIME_MIN_US - SPARE_DAYS * US_PER_DAY), TIME_MAX_US);
	int64_t days = day_of(floor);
	if (unit == TIME_WEEK)
		days = week_start(days) + 7;
	else if (unit == TIME_MONTH)
		days = month_start(days, 1);
	else
		days++;
	return time_local_midnight(days);
}
