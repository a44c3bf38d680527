# SPDX-License-Identifier: GPL-2.0-only
#
# Input: what measure prints, and "start ROUND JSON" lines of bench-start.
# Output: two tables, and the same as JSON in the file that the variable json
# names.

# value(NAME): of a number in the JSON of this line
function value(name) {
	if (!match($0, "\"" name "\":[0-9.]+"))
		return 0
	return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
}

# take(ROW, PAIR, X)
function take(row, pair, x) {
	of[row, pair] = x
	if (pair + 1 > pairs)
		pairs = pair + 1
}

# figure(ROW, PAIR, X): a row of the second table
function figure(row, pair, x) {
	if (!((row, 0) in of))
		figures[++figure_count] = row
	take(row, pair, x)
}

# summarize(ROW): median, least and most
function summarize(row,   i, j, n, x, v) {
	for (i = 0; i < pairs; i++) {
		if (!((row, i) in of))
			continue
		x = of[row, i]
		for (j = n++; j > 0 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	median = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	least = v[1]
	most = v[n]
}

# What is not compared with bare
function set_bases() {
	base_of["eight"] = base_of["rnode"] = "node"
	base_of["rtcp"] = "tcp"
}

# What the medians have to be
function set_bars(   i, w, way) {
	for (i = 0; i < 2; i++) {
		way = i ? "up" : "down"
		bar["4096", way, "node"] = ">= 0.85"
		bar["16384", way, "node"] = ">= 0.95"
		bar["4096", way, "tcp"] = ">= 0.6"
		bar["16384", way, "tcp"] = ">= 0.7"
		bar["4096", way, "eight"] = ">= 0.95"
		for (w = 4096; w <= 16384; w *= 4) {
			bar[w, way, "rnode"] = ">= 0.75"
			bar[w, way, "rtcp"] = ">= 0.75"
		}
		bar["fairness of eight channels " way] = ">= 0.95"
	}
	for (w = 4096; w <= 16384; w *= 4) {
		bar[w, "first", "node"] = "<= 1.3"
		bar[w, "first", "tcp"] = "<= 2"
		bar["module, bytes for a channel with window " w] = "<= " w + 6144
	}
	bar["serve with 8 channels, RssAnon in KiB"] = "< 2048"
	bar["serve with 8 channels, threads"] = "<= 1"
	bar["idle, wakeups of helper and receive thread"] = "<= 0"
	bar["idle, work items of the module"] = "<= 0"
	bar["one request, wakeups of the same"] = ">= 1"
	bar["one request, work items of the module"] = ">= 1"
	bar["amt-helper help, times /bin/true"] = "<= 4"
}

# met(BAR): by the median
function met(bar,   b) {
	split(bar, b, " ")
	if (b[1] == ">=")
		return median >= b[2]
	return b[1] == "<" ? median < b[2] : median <= b[2]
}

function verdict(bar) {
	if (bar == "")
		return ""
	return bar (met(bar) ? " ok" : " MISSED")
}

function json_summary() {
	return sprintf("\"median\":%.4f,\"min\":%.4f,\"max\":%.4f",
		       median, least, most)
}

function json_bar(bar) {
	if (bar == "")
		return ""
	return sprintf(",\"bar\":\"%s\",\"met\":%s", bar,
		       met(bar) ? "true" : "false")
}

# per_kib(ROW): as text, and in JSON
function per_kib(row) {
	if (!((row, 0) in of))
		return sprintf("%8s", "")
	summarize(row)
	printf ",\"%s\":%.3f", row_name, median > json
	return sprintf("%8.2f", median)
}

# speed_row(KEY): "WINDOW WAY BY"
function speed_row(key,   k, base, i, out, b) {
	split(key, k, " ")
	base = k[1] " " k[2] " " (k[3] in base_of ? base_of[k[3]] : "bare")
	summarize(key)
	out = sprintf("%-6s %-6s %-6s %9.2f %9.2f %9.2f ", k[1], k[2], k[3],
		      median, least, most)
	printf "{\"window\":%d,\"way\":\"%s\",\"by\":\"%s\",%s", k[1], k[2],
		k[3], json_summary() > json

	row_name = "switches_per_kib"
	counts = per_kib(key " switches")
	row_name = "messages_per_kib"
	counts = counts per_kib(key " messages")

	if (k[3] != "bare") {
		for (i = 0; i < pairs; i++)
			if (((key, i) in of) && ((base, i) in of))
				take(key " ratio", i, of[key, i] / of[base, i])
		summarize(key " ratio")
		b = bar[k[1], k[2], k[3]]
		out = out sprintf("%6.3f %6.3f %6.3f  %-14s", median, least,
				  most, verdict(b))
		printf ",\"ratio\":{%s%s}", json_summary(), json_bar(b) > json
	} else {
		out = out sprintf("%36s", "")
	}
	print out counts
	printf "}" > json
}

$1 == "speed" {
	key = $2 " " $5 " " $4
	if ($5 == "first") {
		take(key, $3, value("first_byte_us"))
		next
	}
	if ($0 !~ /"sha256_ok":true/) {
		print "wrong bytes: " $0 > "/dev/stderr"
		exit failed = 1
	}
	take(key, $3, value("bytes") / value("seconds") / 1e6)
	take(key " switches", $3, value("switches") / value("bytes") * 1024)
	take(key " messages", $3, $6 / value("bytes") * 1024)
	if (value("fairness"))
		figure("fairness of eight channels " $5, $3, value("fairness"))
}

$1 == "memory" {
	figure("module, bytes for a channel with window " $2, 0, $4 / $3)
}

$1 == "serve" {
	figure("serve with 8 channels, RssAnon in KiB", 0, $3)
	figure("serve with 8 channels, threads", 0, $4)
}

$1 == "idle" {
	figure("idle, wakeups of helper and receive thread", 0, $3)
	figure("idle, work items of the module", 0, $4)
}

$1 == "busy" {
	figure("one request, wakeups of the same", 0, $2)
	figure("one request, work items of the module", 0, $3)
}

$1 == "start" {
	figure("amt-helper help, times /bin/true", $2,
	       value("program_us") / value("base_us"))
}

END {
	if (failed)
		exit 1
	set_bases()
	set_bars()
	printf "{\"kernel\":\"%s\",\"pairs\":%d,\"speed\":[", kernel, pairs > json
	printf "%-20s %9s %9s %9s %6s %6s %6s  %-14s%8s%8s\n", "window way by",
		"MB/s, us", "least", "most", "ratio", "least", "most", "bar",
		"ctxt/K", "msgs/K"
	n = split("4096 16384", windows, " ")
	split("down up first", ways, " ")
	m = split("bare node eight rnode tcp rtcp", bys, " ")
	for (i = 0; i < n * 3 * m; i++) {
		key = windows[int(i / (3 * m)) + 1] " " \
			ways[int(i / m) % 3 + 1] " " bys[i % m + 1]
		if (!((key, 0) in of))
			continue
		printf "%s", (rows++ ? "," : "") > json
		speed_row(key)
	}
	printf "],\"other\":[" > json
	printf "\n%-46s %9s %9s %9s  bar\n", "", "median", "least", "most"
	for (i = 1; i <= figure_count; i++) {
		row = figures[i]
		summarize(row)
		printf "%-46s %9.3f %9.3f %9.3f  %s\n", row, median, least,
			most, verdict(bar[row])
		printf "%s{\"what\":\"%s\",%s%s}", (i > 1 ? "," : ""), row,
			json_summary(), json_bar(bar[row]) > json
	}
	print "]}" > json
}
