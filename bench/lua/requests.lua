-- Sends the prepared requests of the file that BENCH_REQUESTS names, a zero byte after each: at random, or with
-- BENCH_START one after the other from that place on. With a mark in it, a request gets another number each time.
local requests = {}
for one in assert(io.open(os.getenv("BENCH_REQUESTS"), "rb")):read("*a"):gmatch("[^%z]+") do
  requests[#requests + 1] = one
end
local prefix, suffix = requests[1]:match("^(.*)0123456789(.*)$")
local start = os.getenv("BENCH_START")
local number = 0

function init()
  math.randomseed(tonumber(os.getenv("BENCH_SEED")))
  number = tonumber(start) or math.random(1, 900000000)
end

if prefix then
  -- Each a document that was never seen before.
  function request()
    number = number + 1
    return prefix .. string.format("%010d", number) .. suffix
  end
elseif start then
  function request()
    number = number + 1
    return requests[(number - 1) % #requests + 1]
  end
else
  function request()
    return requests[math.random(1, #requests)]
  end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\nBENCH {"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, failed, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
