"""Business events: what a service did is told to whoever reacts to it, once.

In: `publish`, called by a service in the transaction of what happened. Out: each subscriber's reaction, in one
transaction with the end of its delivery, so that kill -9 neither loses nor doubles it; and the Kafka topic `app.events`
in CloudEvents form, at least once, to be deduplicated by id. An event that a subscriber cannot take is tried again,
less and less often, and then waits for somebody (`python -m platform_app events`). Types are declared in
`lake/contracts/business_events.py`, who hears which in `subscribers.py`. Read `publish.py` first, then `worker.py`.
"""
