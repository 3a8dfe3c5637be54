//! rust-rdkafka: librdkafka as the crate brings it.
mod harness;

use harness::{bootstrap, fresh, same, values, Cases};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, DefaultConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

fn config() -> ClientConfig {
    let mut made = ClientConfig::new();
    made.set("bootstrap.servers", bootstrap());
    made
}

fn admin() -> AdminClient<DefaultClientContext> {
    config().create().unwrap()
}

async fn topic_of(partitions: i32) -> String {
    let topic = fresh("topic");
    let wanted = NewTopic::new(&topic, partitions, TopicReplication::Fixed(1));
    let made = admin().create_topics(&[wanted], &AdminOptions::new()).await.unwrap();
    made.into_iter().next().unwrap().unwrap();
    topic
}

async fn send(topic: &str, count: usize, settings: &[(&str, &str)]) {
    let mut own = config();
    own.set("linger.ms", "1");
    for (name, value) in settings {
        own.set(*name, *value);
    }
    let producer: FutureProducer = own.create().unwrap();
    let mut sent = Vec::new();
    for (n, value) in values(count).iter().enumerate() {
        let at = 1_700_000_000_000 + n as i64 * 1000;
        let record = FutureRecord::<(), str>::to(topic).payload(value.as_str()).partition(0).timestamp(at);
        sent.push(producer.send_result(record).map_err(|(error, _)| error).unwrap());
    }
    for each in sent {
        each.await.unwrap().map_err(|(error, _)| error).unwrap();
    }
}

fn member(group: &str) -> StreamConsumer {
    let mut own = config();
    own.set("group.id", group).set("auto.offset.reset", "earliest").set("heartbeat.interval.ms", "200");
    own.set("session.timeout.ms", "10000").set("fetch.wait.max.ms", "100").set("enable.auto.commit", "false");
    own.create_with_context(DefaultConsumerContext).unwrap()
}

async fn take(consumer: &StreamConsumer, count: usize) -> Vec<OwnedMessage> {
    let mut all = Vec::new();
    while all.len() < count {
        all.push(consumer.recv().await.unwrap().detach());
    }
    all
}

async fn read_all(topic: &str, count: usize, from: Offset) -> Vec<OwnedMessage> {
    let consumer = member(&fresh("reader"));
    let mut wanted = TopicPartitionList::new();
    wanted.add_partition_offset(topic, 0, from).unwrap();
    consumer.assign(&wanted).unwrap();
    take(&consumer, count).await
}

fn values_of(messages: &[OwnedMessage]) -> Vec<String> {
    messages.iter().map(|each| String::from_utf8(each.payload().unwrap().to_vec()).unwrap()).collect()
}

async fn create_topic() {
    let topic = topic_of(3).await;
    let consumer: BaseConsumer = config().create().unwrap();
    let metadata = consumer.fetch_metadata(Some(&topic), WAIT).unwrap();
    same(metadata.topics()[0].partitions().len(), 3, "partitions");
    let wanted = NewTopic::new(&topic, 1, TopicReplication::Fixed(1));
    let again = admin().create_topics(&[wanted], &AdminOptions::new()).await.unwrap();
    same(again, vec![Err((topic, RDKafkaErrorCode::TopicAlreadyExists))], "made twice");
}

async fn fields() {
    let topic = topic_of(1).await;
    let producer: FutureProducer = config().create().unwrap();
    let headers = OwnedHeaders::new().insert(Header { key: "h", value: Some("x") });
    let record = FutureRecord::to(&topic).key("a").payload("one").headers(headers).timestamp(1_700_000_000_000);
    producer.send(record, WAIT).await.unwrap();
    producer.send(FutureRecord::<(), ()>::to(&topic), WAIT).await.unwrap();
    let got = read_all(&topic, 2, Offset::Beginning).await;
    let header = got[0].headers().unwrap().get(0).value.map(<[u8]>::to_vec);
    same(
        (got[0].key(), got[0].payload(), header, got[0].timestamp().to_millis()),
        (Some(&b"a"[..]), Some(&b"one"[..]), Some(b"x".to_vec()), Some(1_700_000_000_000)),
        "the first",
    );
    same((got[1].key(), got[1].payload()), (None, None), "the second");
}

async fn produces(codec: &'static str, idempotent: &'static str) {
    let topic = topic_of(1).await;
    send(&topic, 300, &[("compression.type", codec), ("enable.idempotence", idempotent)]).await;
    same(values_of(&read_all(&topic, 300, Offset::Beginning).await), values(300), "values");
}

async fn by_timestamp() {
    let topic = topic_of(1).await;
    send(&topic, 10, &[]).await;
    let consumer: BaseConsumer = config().set("group.id", fresh("asker")).create().unwrap();
    let mut asked = TopicPartitionList::new();
    asked.add_partition_offset(&topic, 0, Offset::Offset(1_700_000_003_500)).unwrap();
    let found = consumer.offsets_for_times(asked, WAIT).unwrap();
    same(found.elements()[0].offset(), Offset::Offset(4), "the offset of its time");
    same(consumer.fetch_watermarks(&topic, 0, WAIT).unwrap(), (0, 10), "ends");
    same(values_of(&read_all(&topic, 6, Offset::Offset(4)).await), values(10)[4..].to_vec(), "records from then on");
}

/// No record comes: being asked for one is what makes the client take part in its group.
async fn take_part(consumer: &StreamConsumer) {
    let _ = tokio::time::timeout(Duration::from_millis(20), consumer.recv()).await;
}

async fn two_members() {
    let (topic, group) = (topic_of(4).await, fresh("group"));
    let (first, second) = (member(&group), member(&group));
    let owned = |consumer: &StreamConsumer| consumer.assignment().unwrap().count();
    first.subscribe(&[&topic]).unwrap();
    while owned(&first) != 4 {
        take_part(&first).await;
    }
    second.subscribe(&[&topic]).unwrap();
    while (owned(&first), owned(&second)) != (2, 2) {
        take_part(&first).await;
        take_part(&second).await;
    }
    {
        let listed = second.fetch_group_list(Some(&group), WAIT).unwrap();
        same((listed.groups()[0].state(), listed.groups()[0].members().len()), ("Stable", 2), "the group");
    }
    drop(first);
    while owned(&second) != 4 {
        take_part(&second).await;
    }
}

async fn committed() {
    let (topic, group) = (topic_of(1).await, fresh("group"));
    send(&topic, 10, &[]).await;
    let consumer = member(&group);
    consumer.subscribe(&[&topic]).unwrap();
    take(&consumer, 10).await;
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&topic, 0, Offset::Offset(7)).unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
    let at = consumer.committed(WAIT).unwrap().elements()[0].offset();
    let (_, end) = consumer.fetch_watermarks(&topic, 0, WAIT).unwrap();
    same((at, end), (Offset::Offset(7), 10), "committed, and the end");
    drop(consumer);
    let resumed = member(&group);
    resumed.subscribe(&[&topic]).unwrap();
    same(values_of(&take(&resumed, 3).await), values(10)[7..].to_vec(), "from what was committed");
    drop(resumed);
    let deleted = admin().delete_groups(&[&group], &AdminOptions::new()).await.unwrap();
    same(deleted, vec![Ok(group)], "the group's end");
}

async fn configs() {
    let topic = topic_of(1).await;
    let resource = ResourceSpecifier::Topic(&topic);
    let value = || async {
        let described = admin().describe_configs(&[resource], &AdminOptions::new()).await.unwrap();
        described[0].as_ref().unwrap().get("retention.ms").unwrap().value.clone().unwrap()
    };
    same(value().await, "604800000".to_owned(), "as made");
    let change = AlterConfig::new(resource).set("retention.ms", "120000");
    admin().alter_configs(&[change], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    same(value().await, "120000".to_owned(), "as altered");
}

async fn topics() {
    let topic = topic_of(1).await;
    send(&topic, 10, &[]).await;
    let more = admin().create_partitions(&[NewPartitions::new(&topic, 3)], &AdminOptions::new()).await.unwrap();
    same(more, vec![Ok(topic.clone())], "more partitions");
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&topic, 0, Offset::Offset(4)).unwrap();
    let deleted = admin().delete_records(&offsets, &AdminOptions::new()).await.unwrap();
    same(deleted.elements()[0].offset(), Offset::Offset(4), "the low watermark");
    same(values_of(&read_all(&topic, 6, Offset::Beginning).await), values(10)[4..].to_vec(), "what is left");
    let gone = admin().delete_topics(&[&topic], &AdminOptions::new()).await.unwrap();
    same(gone, vec![Ok(topic)], "deleted");
}

async fn too_large() {
    let topic = topic_of(1).await;
    let producer: FutureProducer = config().set("message.max.bytes", "3000000").create().unwrap();
    let payload = vec![b'x'; 2_000_000];
    let answer = producer.send(FutureRecord::<(), _>::to(&topic).payload(&payload), WAIT).await;
    let why = answer.err().map(|(error, _)| error);
    same(why, Some(KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge)), "the reason");
}

#[tokio::main]
async fn main() {
    let mut cases = Cases::new();
    cases.case("create a topic", create_topic()).await;
    cases.case("keys, headers and nulls", fields()).await;
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        cases.case(&format!("produce with codec {codec}"), produces(codec, "false")).await;
        cases.case(&format!("produce with codec {codec}, idempotent"), produces(codec, "true")).await;
    }
    cases.case("consume by timestamp", by_timestamp()).await;
    cases.case("two members share a group", two_members()).await;
    cases.case("committed offsets and lag, and the group's end", committed()).await;
    cases.case("describe and alter configs", configs()).await;
    cases.case("more partitions, delete records, delete topics", topics()).await;
    cases.case("a message that is too large is refused", too_large()).await;
    cases.end()
}
