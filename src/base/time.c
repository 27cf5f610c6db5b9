/*
 * time.c - clocks, the calendar, and instants as text.
 *
 * What it is:   days_from_civil and its inverse (H. Hinnant, "chrono-compatible low-level date
 *               algorithms"), and printing. Reading is in time_parse.c, zones in zone.c.
 * Promises:     nothing depends on the process's zone or locale.
 */
#include "base/time.h"
#include "base/time_int.h"

#include <time.h>

static int64_t clock_read(clockid_t clock)
{
	struct timespec t;
	CHECK(clock_gettime(clock, &t) == 0);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t time_now_us(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t time_monotonic_us(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t time_cpu_us(void)
{
	return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is a year's last. An era is 400 years. */
int64_t time_days_from_civil(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void time_civil_from_days(int64_t days, int *year_r, int *month_r, int *day_r)
{
	CHECK(days >= INT32_MIN && days <= INT32_MAX);
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
			      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;
	int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year_r = (int)(year_of_era + era * 400) + (month <= 2);
	*month_r = month;
	*day_r = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
}

int days_in_month(int year, int month)
{
	static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return DAYS[month - 1] + (month == 2 && leap);
}

bool time_is_date(int year, int month, int day)
{
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_in_month(year, month);
}

int64_t time_clamp(int64_t at_us)
{
	return at_us < TIME_MIN_US ? TIME_MIN_US : MIN(at_us, TIME_MAX_US);
}

/* Digits by hand: a list of touches prints nothing as often as times. */
static size_t put_digits(char *text, int v, size_t digits)
{
	for (size_t i = digits; i-- > 0; v /= 10)
		text[i] = (char)('0' + v % 10);
	return digits;
}

/* Years have four digits, and five on the far side of the last day in zones east of UTC. */
static size_t put_date(char *text, int64_t days)
{
	int year;
	int month;
	int day;
	time_civil_from_days(days, &year, &month, &day);
	size_t n = put_digits(text, year, year > 9999 ? 5 : 4);
	text[n++] = '-';
	n += put_digits(text + n, month, 2);
	text[n++] = '-';
	return n + put_digits(text + n, day, 2);
}

/* "12:00" */
static size_t put_minute(char *text, int minute_of_day)
{
	size_t n = put_digits(text, minute_of_day / 60, 2);
	text[n++] = ':';
	return n + put_digits(text + n, minute_of_day % 60, 2);
}

static str finish(char *text, size_t n)
{
	text[n] = '\0';
	return (str){ text, n };
}

str time_print_date(char text[TIME_TEXT_MAX], int64_t days)
{
	return finish(text, put_date(text, MIN(MAX(days, TIME_DAYS_MIN), TIME_DAYS_MAX)));
}

str time_print(char text[TIME_TEXT_MAX], int64_t at_us)
{
	at_us = time_clamp(at_us);
	int64_t days = floor_div(at_us, US_PER_DAY);
	int64_t us = at_us - days * US_PER_DAY;
	int second = (int)(us / US_PER_S);
	int fraction = (int)(us % US_PER_S);
	size_t n = put_date(text, days);
	text[n++] = 'T';
	n += put_minute(text + n, second / 60);
	text[n++] = ':';
	n += put_digits(text + n, second % 60, 2);
	if (fraction > 0) {
		text[n++] = '.';
		n += put_digits(text + n, fraction, 6);
		while (text[n - 1] == '0')
			n--;
	}
	text[n++] = 'Z';
	return finish(text, n);
}

str time_print_local(char text[TIME_TEXT_MAX], int64_t at_us)
{
	at_us = time_clamp(at_us);
	int64_t local_us = at_us + zone_offset_s(at_us) * US_PER_S;
	int64_t days = floor_div(local_us, US_PER_DAY);
	size_t n = put_date(text, days);
	text[n++] = ' ';
	n += put_minute(text + n, (int)((local_us - days * US_PER_DAY) / US_PER_MIN));
	return finish(text, n);
}
