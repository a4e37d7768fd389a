/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers in a list, and a writer of JSON that knows no more than these. */
#include "tests/sim/subnet/figures.h"

#include "proto/base/bytes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void figures_add(struct figures *figures, const char *name, double value)
{
    CHECK(figures->count < FIGURES_MAX);
    figures->list[figures->count++] = (struct figure){.name = name, .value = value};
}

double figures_find(const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->count; i++) {
        if (strcmp(figures->list[i].name, name) == 0) {
            return figures->list[i].value;
        }
    }
    return NAN;
}

void figures_expect(struct figures *figures, const char *name, double lowest, double highest)
{
    double value = figures_find(figures, name);

    if (!(value >= lowest && value <= highest)) {
        fprintf(stderr, "%s is %g, not between %g and %g\n", name, value, lowest, highest);
        figures->failures++;
    }
}

struct curve *figures_curve(struct figures *figures, const char *name)
{
    CHECK(figures->curve_count < CURVES_MAX);
    figures->curves[figures->curve_count].name = name;
    return &figures->curves[figures->curve_count++];
}

void curve_add(struct curve *curve, double x, double y)
{
    if (curve->count < CURVE_POINTS_MAX) {
        curve->x[curve->count] = x;
        curve->y[curve->count++] = y;
    }
}

void figures_print(const struct figures *figures)
{
    for (size_t i = 0; i < figures->count; i++) {
        printf("%-46s %14.6g\n", figures->list[i].name, figures->list[i].value);
    }
}

static void curve_write(FILE *file, const struct curve *curve)
{
    fprintf(file, "    \"%s\": [", curve->name);
    for (size_t i = 0; i < curve->count; i++) {
        fprintf(file, "%s[%.6g, %.6g]", i > 0 ? ", " : "", curve->x[i], curve->y[i]);
    }
    fprintf(file, "]");
}

bool figures_write(const struct figures *figures, const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        return false;
    }
    fprintf(file, "{\n");
    for (size_t i = 0; i < figures->count; i++) {
        fprintf(file, "  \"%s\": ", figures->list[i].name);
        if (isfinite(figures->list[i].value)) {
            fprintf(file, "%.6g,\n", figures->list[i].value);
        } else {
            fprintf(file, "null,\n");
        }
    }
    fprintf(file, "  \"curves\": {\n");
    for (size_t i = 0; i < figures->curve_count; i++) {
        curve_write(file, &figures->curves[i]);
        fprintf(file, "%s\n", i + 1 < figures->curve_count ? "," : "");
    }
    fprintf(file, "  }\n}\n");
    return fclose(file) == 0;
}
