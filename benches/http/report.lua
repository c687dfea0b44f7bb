-- What all scripts of wrk share: threads that draw different numbers, and a result that the bench can read.
local report = { threads = {} }

function setup(thread)
    table.insert(report.threads, thread)
    thread:set("seed", #report.threads)
end

-- The id of a product of goods.sql.
function report.id(number)
    return string.format("00000000-0000-7000-8000-%012x", number)
end

-- One line of JSON. wrk itself counts answers of all kinds, and as refused those of 400 and more.
function report.print(summary, latency, own)
    local errors = summary.errors
    print(string.format(
        '{"answered": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}',
        own and own.answered or summary.requests,
        own and own.seconds or summary.duration / 1e6,
        latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        own and own.refused or errors.status,
        errors.connect + errors.read + errors.write + errors.timeout
    ))
end

return report
