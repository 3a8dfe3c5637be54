"""confluent-kafka for Python: the newest librdkafka."""
from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, ElectionType, KafkaError, KafkaException, Producer, TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType,
)

from harness import bootstrap, case, eventually, fresh, run, same

admin = AdminClient({"bootstrap.servers": bootstrap})


def topic_of(partitions=1, **config):
    topic = fresh("topic")
    for future in admin.create_topics([NewTopic(topic, partitions, 1, config=config)]).values():
        future.result()
    return topic


def send(topic, records, **config):
    """Each record is a dict of what produce() takes; all are acknowledged at the end."""
    errors = []
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, **config})
    for record in records:
        producer.produce(topic, on_delivery=lambda error, _: error and errors.append(error), **record)
    same(producer.flush(30), 0, "records not sent")
    if errors:
        raise KafkaException(errors[0])


def values(count, start=0):
    return [f"{n}".encode() for n in range(start, start + count)]


def consumer_of(group, **config):
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
        "heartbeat.interval.ms": 200, "session.timeout.ms": 10_000, "fetch.wait.max.ms": 100, **config,
    })


def take(consumer, count):
    got = []
    while len(got) < count:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        got.append(message)
    return got


def read_all(topic, count, partition=0, offset=0):
    consumer = consumer_of(fresh("reader"))
    consumer.assign([TopicPartition(topic, partition, offset)])
    got = take(consumer, count)
    consumer.close()
    return got


@case("create a topic")
def _():
    topic = topic_of(3)
    same(len(admin.list_topics(topic).topics[topic].partitions), 3, "partitions")
    try:
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
        raise AssertionError("made twice")
    except KafkaException as error:
        same(error.args[0].code(), KafkaError.TOPIC_ALREADY_EXISTS, "the reason")
    described = admin.describe_topics(TopicCollection([topic]))[topic].result()
    same(len(described.partitions), 3, "partitions described")


@case("keys, headers and nulls")
def _():
    topic = topic_of()
    send(topic, [
        {"key": "a", "value": "one", "headers": [("h", b"x"), ("h", b"y"), ("n", None)], "timestamp": 1_700_000_000_000},
        {"key": None, "value": None},
    ])
    one, two = read_all(topic, 2)
    same((one.key(), one.value(), one.headers(), one.timestamp()[1]),
         (b"a", b"one", [("h", b"x"), ("h", b"y"), ("n", None)], 1_700_000_000_000), "the first")
    same((two.key(), two.value(), two.headers()), (None, None, None), "the second")


def produces(codec, idempotent):
    def test():
        topic = topic_of()
        send(topic, [{"value": value} for value in values(300)],
             **{"compression.type": codec, "enable.idempotence": idempotent})
        same([message.value() for message in read_all(topic, 300)], values(300), "values")
    return test


for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
    for idempotent in (False, True):
        case(f"produce with codec {codec}{', idempotent' if idempotent else ''}")(produces(codec, idempotent))


@case("consume by timestamp")
def _():
    topic = topic_of()
    send(topic, [{"value": f"{n}", "timestamp": 1_700_000_000_000 + n * 1000} for n in range(10)])
    consumer = consumer_of(fresh("group"))
    ask = [TopicPartition(topic, 0, 1_700_000_003_500)]
    same(consumer.offsets_for_times(ask, timeout=10)[0].offset, 4, "the offset of its time")
    same(consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10), (0, 10), "watermarks")
    consumer.close()
    for spec, offset in (
        (OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 10), (OffsetSpec.max_timestamp(), 9),
        (OffsetSpec.for_timestamp(1_700_000_005_000), 5),
    ):
        listed = admin.list_offsets({TopicPartition(topic, 0): spec})
        same([future.result().offset for future in listed.values()], [offset], f"{spec}")


@case("two members share a group")
def _():
    topic, group = topic_of(4), fresh("group")
    owned = {}

    def member(name):
        consumer = consumer_of(group, **{"client.id": name})
        consumer.subscribe([topic])
        return consumer

    def poll(*members):
        for consumer in members:
            consumer.poll(0.05)
        owned.update({consumer: len(consumer.assignment()) for consumer in members})
        return [owned[consumer] for consumer in members]

    first = member("first")
    eventually(lambda: poll(first), lambda sizes: sizes == [4])
    second = member("second")
    eventually(lambda: poll(first, second), lambda sizes: sizes == [2, 2])
    described = admin.describe_consumer_groups([group])[group].result()
    same((described.state.name, sorted(each.client_id for each in described.members)),
         ("STABLE", ["first", "second"]), "the group")
    first.close()
    eventually(lambda: poll(second), lambda sizes: sizes == [4])
    second.close()


@case("cooperative rebalance, static member")
def _():
    topic, group = topic_of(4), fresh("group")
    config = {"partition.assignment.strategy": "cooperative-sticky"}
    first = consumer_of(group, **config, **{"group.instance.id": "one"})
    second = consumer_of(group, **config, **{"group.instance.id": "two"})
    first.subscribe([topic])
    second.subscribe([topic])

    def poll():
        first.poll(0.05)
        second.poll(0.05)
        return len(first.assignment()), len(second.assignment())

    eventually(poll, lambda sizes: sizes == (2, 2))
    first.close()
    second.close()


@case("committed offsets and lag")
def _():
    topic, group = topic_of(), fresh("group")
    send(topic, [{"value": value} for value in values(10)])
    consumer = consumer_of(group, **{"enable.auto.commit": False})
    consumer.subscribe([topic])
    take(consumer, 10)
    consumer.commit(offsets=[TopicPartition(topic, 0, 7, metadata="note")], asynchronous=False)
    committed = consumer.committed([TopicPartition(topic, 0)], timeout=10)[0]
    same((committed.offset, committed.metadata), (7, "note"), "committed")
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    same(high - committed.offset, 3, "lag")
    consumer.close()
    listed = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
    same([(each.topic, each.offset) for each in listed.topic_partitions], [(topic, 7)], "listed")
    altered = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 2)])
    admin.alter_consumer_group_offsets([altered])[group].result()
    resumed = consumer_of(group)
    resumed.subscribe([topic])
    same([message.offset() for message in take(resumed, 8)], list(range(2, 10)), "from what was altered")
    resumed.close()


@case("describe and alter configs")
def _():
    topic = topic_of(**{"retention.ms": "60000"})
    resource = ConfigResource(ResourceType.TOPIC, topic)
    described = admin.describe_configs([resource])[resource].result()
    same((described["retention.ms"].value, described["retention.ms"].is_default), ("60000", False), "as made")
    same((described["cleanup.policy"].value, described["cleanup.policy"].is_default), ("delete", True), "a default")
    change = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
        ConfigEntry("retention.ms", "120000", incremental_operation=AlterConfigOpType.SET),
        ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND),
    ])
    for future in admin.incremental_alter_configs([change]).values():
        future.result()
    described = admin.describe_configs([resource])[resource].result()
    same((described["retention.ms"].value, sorted(described["cleanup.policy"].value.split(","))),
         ("120000", ["compact", "delete"]), "as altered")
    wrong = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
        ConfigEntry("retention.ms", "soon", incremental_operation=AlterConfigOpType.SET)])
    try:
        for future in admin.incremental_alter_configs([wrong]).values():
            future.result()
        raise AssertionError("a value that does not parse was taken")
    except KafkaException as error:
        same(error.args[0].code(), KafkaError.INVALID_CONFIG, "the reason")
    broker = ConfigResource(ResourceType.BROKER, "1")
    same("log.retention.hours" in admin.describe_configs([broker])[broker].result(), True, "the broker's")


@case("list and delete groups")
def _():
    topic, group = topic_of(), fresh("group")
    send(topic, [{"value": b"x"}])
    consumer = consumer_of(group)
    consumer.subscribe([topic])
    take(consumer, 1)
    consumer.commit(asynchronous=False)
    consumer.close()
    listed = {each.group_id: each.state.name for each in admin.list_consumer_groups().result().valid}
    same(listed.get(group), "EMPTY", "listed")
    admin.delete_consumer_groups([group])[group].result()
    listed = {each.group_id for each in admin.list_consumer_groups().result().valid}
    same(group in listed, False, "listed after its end")


@case("more partitions, delete records, delete topics")
def _():
    topic = topic_of()
    send(topic, [{"value": value} for value in values(10)])
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result()
    same(len(admin.list_topics(topic).topics[topic].partitions), 3, "partitions")
    deleted = admin.delete_records([TopicPartition(topic, 0, 4)])
    same([future.result().low_watermark for future in deleted.values()], [4], "the low watermark")
    same(read_all(topic, 6, offset=4)[0].value(), b"4", "the first that is left")
    admin.delete_topics([topic])[topic].result()
    eventually(lambda: admin.list_topics().topics, lambda topics: topic not in topics)


@case("the cluster, and elections")
def _():
    cluster = admin.describe_cluster().result()
    same((len(cluster.nodes), cluster.controller.id), (1, cluster.nodes[0].id), "the cluster")
    topic = topic_of()
    elected = admin.elect_leaders(ElectionType.PREFERRED, [TopicPartition(topic, 0)]).result()
    errors = [error.code() for error in elected.values() if error is not None]
    same(errors, [KafkaError.ELECTION_NOT_NEEDED], "the election")


@case("a message that is too large is refused")
def _():
    topic = topic_of()
    try:
        send(topic, [{"value": b"x" * 2_000_000}], **{"message.max.bytes": 3_000_000})
        raise AssertionError("it was taken")
    except KafkaException as error:
        same(error.args[0].code(), KafkaError.MSG_SIZE_TOO_LARGE, "the reason")


run()
