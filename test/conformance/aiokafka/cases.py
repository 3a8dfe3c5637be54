"""aiokafka: a client for asyncio, with old and fixed versions of each API."""
import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import OffsetAndMetadata

from harness import bootstrap, case, fresh, run, same


def story(name):
    """A case that is a coroutine, given an admin client."""
    def add(test):
        async def whole():
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
            await admin.start()
            try:
                await test(admin)
            finally:
                await admin.close()
        case(name)(lambda: asyncio.run(whole()))
        return test
    return add


async def topic_of(admin, partitions=1, **config):
    topic = fresh("topic")
    await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
    return topic


async def send(topic, records, **config):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **config)
    await producer.start()
    try:
        return await asyncio.gather(*[await producer.send(topic, **record) for record in records])
    finally:
        await producer.stop()


def values(count):
    return [f"{n}".encode() for n in range(count)]


async def consumer_of(*topics, group=None, **config):
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
        heartbeat_interval_ms=200, session_timeout_ms=10_000, fetch_max_wait_ms=100, metadata_max_age_ms=1000, **config)
    await consumer.start()
    return consumer


async def take(consumer, count):
    return [await consumer.getone() for _ in range(count)]


async def read_all(topic, count, offset=0):
    consumer = await consumer_of()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek(partition, offset)
    try:
        return await take(consumer, count)
    finally:
        await consumer.stop()


@story("create a topic")
async def _(admin):
    topic = await topic_of(admin, 3)
    described = await admin.describe_topics([topic])
    same(len(described[0]["partitions"]), 3, "partitions")
    same(topic in await admin.list_topics(), True, "listed")


@story("keys, headers and nulls")
async def _(admin):
    topic = await topic_of(admin)
    await send(topic, [
        {"key": b"a", "value": b"one", "headers": [("h", b"x"), ("h", b"y")], "timestamp_ms": 1_700_000_000_000},
        {"key": b"b", "value": None},
        {"value": b"three"},
    ])
    one, two, three = await read_all(topic, 3)
    same((one.key, one.value, list(one.headers), one.timestamp),
         (b"a", b"one", [("h", b"x"), ("h", b"y")], 1_700_000_000_000), "the first")
    same((two.key, two.value), (b"b", None), "the second")
    same((three.key, three.value), (None, b"three"), "the third")


def produces(codec, idempotent):
    async def test(admin):
        topic = await topic_of(admin)
        await send(topic, [{"value": value} for value in values(300)],
                   compression_type=codec, enable_idempotence=idempotent, linger_ms=5)
        same([record.value for record in await read_all(topic, 300)], values(300), "values")
    return test


for codec in (None, "gzip", "snappy", "lz4", "zstd"):
    for idempotent in (False, True):
        story(f"produce with codec {codec or 'none'}{', idempotent' if idempotent else ''}")(produces(codec, idempotent))


@story("acks 0, 1 and all")
async def _(admin):
    topic = await topic_of(admin)
    for acks in (0, 1, "all"):
        await send(topic, [{"value": f"{acks}".encode()}], acks=acks)
    same(sorted(record.value for record in await read_all(topic, 3)), [b"0", b"1", b"all"], "values")


@story("consume by timestamp")
async def _(admin):
    topic = await topic_of(admin)
    await send(topic, [{"value": value, "timestamp_ms": 1_700_000_000_000 + n * 1000} for n, value in enumerate(values(10))])
    partition = TopicPartition(topic, 0)
    consumer = await consumer_of()
    consumer.assign([partition])
    found = (await consumer.offsets_for_times({partition: 1_700_000_003_500}))[partition]
    same((found.offset, found.timestamp), (4, 1_700_000_004_000), "the offset of its time")
    same(((await consumer.beginning_offsets([partition]))[partition], (await consumer.end_offsets([partition]))[partition]),
         (0, 10), "ends")
    consumer.seek(partition, found.offset)
    same([record.offset for record in await take(consumer, 6)], list(range(4, 10)), "records from then on")
    await consumer.stop()


@story("two members share a group")
async def _(admin):
    topic, group = await topic_of(admin, 4), fresh("group")

    async def sizes(expected, *members):
        while [len(consumer.assignment()) for consumer in members] != expected:
            await asyncio.sleep(0.05)

    first = await consumer_of(topic, group=group)
    await sizes([4], first)
    second = await consumer_of(topic, group=group)
    await sizes([2, 2], first, second)
    same(len((await admin.describe_consumer_groups([group]))[0].groups[0][5]), 2, "members described")
    await first.stop()
    await sizes([4], second)
    await second.stop()


@story("committed offsets and lag")
async def _(admin):
    topic, group = await topic_of(admin), fresh("group")
    await send(topic, [{"value": value} for value in values(10)])
    partition = TopicPartition(topic, 0)
    consumer = await consumer_of(topic, group=group, enable_auto_commit=False)
    await take(consumer, 10)
    await consumer.commit({partition: OffsetAndMetadata(7, "note")})
    same(await consumer.committed(partition), 7, "committed")
    same((await consumer.end_offsets([partition]))[partition] - 7, 3, "lag")
    await consumer.stop()
    listed = await admin.list_consumer_group_offsets(group)
    same(listed[partition], OffsetAndMetadata(7, "note"), "listed")
    resumed = await consumer_of(topic, group=group)
    same([record.offset for record in await take(resumed, 3)], [7, 8, 9], "from what was committed")
    await resumed.stop()


@story("describe and alter configs")
async def _(admin):
    topic = await topic_of(admin, **{"retention.ms": "60000"})
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    read = lambda answers: {each[0]: each[1] for each in answers[0].resources[0][4]}
    same(read(await admin.describe_configs([resource]))["retention.ms"], "60000", "as made")
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "120000"})])
    same(read(await admin.describe_configs([resource]))["retention.ms"], "120000", "as altered")


@story("list groups")
async def _(admin):
    topic, group = await topic_of(admin), fresh("group")
    await send(topic, [{"value": b"x"}])
    consumer = await consumer_of(topic, group=group)
    await take(consumer, 1)
    same((group, "consumer") in await admin.list_consumer_groups(), True, "listed")
    await consumer.stop()


@story("more partitions, delete records, delete topics")
async def _(admin):
    topic = await topic_of(admin)
    await send(topic, [{"value": value} for value in values(10)])
    await admin.create_partitions({topic: NewPartitions(3)})
    same(len((await admin.describe_topics([topic]))[0]["partitions"]), 3, "partitions")
    partition = TopicPartition(topic, 0)
    same((await admin.delete_records({partition: RecordsToDelete(4)}))[partition], 4, "the low watermark")
    same((await read_all(topic, 6, offset=4))[0].value, b"4", "the first that is left")
    await admin.delete_topics([topic])
    while topic in await admin.list_topics():
        await asyncio.sleep(0.05)


@story("a message that is too large is refused")
async def _(admin):
    topic = await topic_of(admin)
    try:
        await send(topic, [{"value": b"x" * 2_000_000}], max_request_size=3_000_000)
        raise AssertionError("it was taken")
    except MessageSizeTooLargeError:
        pass


run()
