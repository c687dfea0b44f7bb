-- Requests the page of the URL.
local report = require("report")

function done(summary, latency)
    report.print(summary, latency)
end
