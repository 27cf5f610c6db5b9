/*
 * sample_time.c - when people read, and when they work.
 *
 * What it is:   weights of days (growth, season, day of the week) and of hours, drawn from.
 * Promises:     only the random numbers decide, and the period; never the clock or the zone.
 */
#include "load/sample_int.h"

#define GROWTH 0.9 /* the last day has 1.9 times the visitors of the first */

/* January to December. */
static const double SEASON[12] = { 1.05, 1.05, 1.10, 1.00, 0.95, 1.00,
				   0.80, 0.75, 1.10, 1.15, 1.15, 0.65 };
/* Monday to Sunday. */
static const double WEEK[7] = { 1.05, 1.15, 1.10, 1.05, 0.85, 0.25, 0.30 };
/* Of 1000: how many visits of a workday, of a weekend's day, have happened by the end of the hour.
 */
static const uint16_t HOURS[2][24] = {
	{ 6,   9,   11,	 13,  16,  24,	46,  103, 198, 306, 410, 501,
	  576, 654, 742, 823, 888, 926, 947, 961, 973, 984, 993, 1000 },
	{ 14,  22,  28,	 33,  38,  45,	62,  95,  147, 214, 286, 354,
	  418, 482, 548, 612, 675, 735, 793, 848, 897, 940, 975, 1000 },
};

static int64_t day_of(int64_t at_us)
{
	int64_t local = at_us + SAMPLE_OFFSET_US;
	int64_t day = local / US_PER_DAY;
	return day - (local % US_PER_DAY < 0);
}

/* 0 is Monday; 1970 began on a Thursday. */
static unsigned weekday(int64_t day)
{
	int64_t d = (day + 3) % 7;
	return (unsigned)(d < 0 ? d + 7 : d);
}

static bool is_workday(int64_t day)
{
	return weekday(day) < 5;
}

static int64_t start_of(int64_t day)
{
	return day * US_PER_DAY - SAMPLE_OFFSET_US;
}

bool calendar_init(struct calendar *c, int64_t from_us, int64_t end_us, err *e)
{
	c->first_day = day_of(from_us);
	c->days = (size_t)(day_of(end_us - 1) - c->first_day + 1);
	c->until = mem_zalloc(c->days, sizeof *c->until);
	if (!c->until)
		return err_nomem(e);
	double sum = 0;
	for (size_t i = 0; i < c->days; i++) {
		int year, month, day;
		int64_t days = c->first_day + (int64_t)i;
		time_civil_from_days(days, &year, &month, &day);
		double grown = 1 + GROWTH * (double)i / (double)c->days;
		sum += grown * SEASON[month - 1] * WEEK[weekday(days)];
		c->until[i] = sum;
	}
	return true;
}

void calendar_fini(struct calendar *c)
{
	mem_free(c->until);
	c->until = NULL;
}

/* A moment of that day, as visits are spread over it. */
static int64_t moment_of(struct rng *r, int64_t day)
{
	const uint16_t *hours = HOURS[is_workday(day) ? 0 : 1];
	uint64_t u = rng_below(r, 1000);
	unsigned hour = 0;
	while (hours[hour] <= u)
		hour++;
	return start_of(day) + hour * HOUR_US + (int64_t)rng_below(r, HOUR_US);
}

int64_t calendar_any(const struct calendar *c, struct rng *r)
{
	double u = rng_real(r) * c->until[c->days - 1];
	size_t low = 0, high = c->days - 1;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->until[mid] > u)
			high = mid;
		else
			low = mid + 1;
	}
	return moment_of(r, c->first_day + (int64_t)low);
}

static int64_t after(struct rng *r, int64_t from_us, double days)
{
	return from_us + (int64_t)(rng_exponential(r, days) * (double)US_PER_DAY);
}

int64_t time_later(struct rng *r, int64_t from_us, double days)
{
	int64_t day = day_of(after(r, from_us, days));
	if (!is_workday(day) && rng_chance(r, 0.7))
		day += 2;
	int64_t at = moment_of(r, day);
	/* Who comes back on the same day does so an hour or two later. */
	return at > from_us + HOUR_US ? at : after(r, from_us + HOUR_US, 0.05);
}

int64_t time_at_work(struct rng *r, int64_t from_us, double days)
{
	int64_t at = after(r, from_us, days), day = day_of(at);
	int64_t morning = 8 * HOUR_US, evening = 18 * HOUR_US;
	int64_t in_day = at - start_of(day);
	if (is_workday(day) && in_day >= morning && in_day < evening)
		return at;
	if (in_day >= evening || !is_workday(day))
		day++;
	while (!is_workday(day))
		day++;
	return start_of(day) + morning + (int64_t)rng_below(r, (uint64_t)(9 * HOUR_US));
}
