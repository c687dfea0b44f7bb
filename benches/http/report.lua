-- Shared code of all wrk scripts: different random numbers in each thread, and a report that the benchmark can parse.
local report = { threads = {} }

function setup(thread)
    table.insert(report.threads, thread)
    thread:set("seed", #report.threads)
end

-- Returns the id of a product of products.sql.
function report.id(number)
    return string.format("00000000-0000-7000-8000-%012x", number)
end

-- Prints one line of JSON. By default, all responses count, and those with status 400 or higher as rejected.
function report.print(summary, latency, own)
    local errors = summary.errors
    print(string.format(
        '{"responses": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "rejected": %d, "failed": %d}',
        own and own.responses or summary.requests,
        own and own.seconds or summary.duration / 1e6,
        latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        own and own.rejected or errors.status,
        errors.connect + errors.read + errors.write + errors.timeout
    ))
end

return report
