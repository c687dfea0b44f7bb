-- Requests the page of a random product.
local report = require("report")
local products

function init(arguments)
    math.randomseed(seed)
    products = tonumber(arguments[1])
end

function request()
    return wrk.format("GET", "/api/products/" .. report.id(math.random(products)) .. "/")
end

function done(summary, latency)
    report.print(summary, latency)
end
