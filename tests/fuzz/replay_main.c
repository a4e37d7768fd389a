/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays a corpus through a fuzz target without libFuzzer, so that every input that once found
 * something is tried again in each ordinary test run.
 *
 *     fuzz_NAME FOLDER-OR-FILE...
 *
 * Each file is played as it is, then its truncations, then copies with one flipped bit in one byte:
 * all of them for short inputs, about REPLAY_VARIANTS_MAX of each for long ones. If the target
 * aborts, its input is named before the process dies. It is a failure if no file was played,
 * because a replay of nothing proves nothing.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLAY_VARIANTS_MAX = 2048, REPLAY_FILE_SIZE_MAX = 4 << 20 };

/* The input that is played now, for the line that is printed if the target aborts. */
static char running[4096];

static void died(int signal_number)
{
    static const char text[] = "\nthis input did it: ";
    size_t size = strnlen(running, sizeof(running) - 1);

    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
        write(STDERR_FILENO, running, size) < 0 || write(STDERR_FILENO, "\n", 1) < 0) {
        _exit(2);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* Every call gets a heap copy of exactly that size, so that ASan sees a read of one byte too many.
 */
static void play(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void play_variants(const char *path, uint8_t *data, size_t size)
{
    size_t step = 1 + size / REPLAY_VARIANTS_MAX;

    snprintf(running, sizeof(running), "%s", path);
    play(data, size);
    for (size_t cut = 0; cut < size; cut += step) {
        snprintf(running, sizeof(running), "%s cut to %zu bytes", path, cut);
        play(data, cut);
    }
    for (size_t at = 0; at < size; at += step) {
        uint8_t mask = (uint8_t)(1u << (at % 8));
        snprintf(running, sizeof(running), "%s with byte %zu flipped by 0x%02x", path, at, mask);
        data[at] ^= mask;
        play(data, size);
        data[at] ^= mask;
    }
}

static bool play_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(REPLAY_FILE_SIZE_MAX);
    bool ok = false;

    if (file == NULL || data == NULL) {
        perror(path);
        goto out;
    }
    size_t size = fread(data, 1, REPLAY_FILE_SIZE_MAX, file);
    if (ferror(file)) {
        perror(path);
        goto out;
    }
    play_variants(path, data, size);
    ok = true;
out:
    free(data);
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

/* Returns how many files were played, or -1 after an error, which is printed on standard error. */
static int play_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int entry_count = scandir(folder, &entries, NULL, alphasort);
    int played = 0;

    if (entry_count < 0) {
        perror(folder);
        return -1;
    }
    for (int i = 0; i < entry_count; i++) {
        char path[2048];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && played >= 0) {
            played = play_file(path) ? played + 1 : -1;
        }
        free(entries[i]);
    }
    free(entries);
    return played;
}

int main(int argc, char **argv)
{
    int played = 0;

    signal(SIGABRT, died);
    for (int i = 1; i < argc; i++) {
        struct stat status;
        bool is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        int count = is_folder ? play_folder(argv[i]) : (play_file(argv[i]) ? 1 : -1);
        if (count < 0) {
            return 1;
        }
        played += count;
    }
    printf("%d inputs played\n", played);
    return played > 0 ? 0 : 1;
}
