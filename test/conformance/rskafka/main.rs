//! rskafka: no groups, fixed old versions, and any byte too many in an answer is an error.
mod harness;

use chrono::{DateTime, TimeZone, Utc};
use harness::{bootstrap, fresh, same, values, Cases};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use std::collections::BTreeMap;

async fn client() -> Client {
    ClientBuilder::new(vec![bootstrap()]).build().await.unwrap()
}

async fn topic_of(partitions: i32) -> String {
    let topic = fresh("topic");
    client().await.controller_client().unwrap().create_topic(&topic, partitions, 1, 10_000).await.unwrap();
    topic
}

async fn partition_of(topic: &str) -> PartitionClient {
    client().await.partition_client(topic, 0, UnknownTopicHandling::Retry).await.unwrap()
}

fn at(n: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(1_700_000_000_000 + n * 1000).unwrap()
}

fn numbered(count: usize) -> Vec<Record> {
    let record = |(n, value): (usize, String)| Record {
        key: None,
        value: Some(value.into_bytes()),
        headers: BTreeMap::new(),
        timestamp: at(n as i64),
    };
    values(count).into_iter().enumerate().map(record).collect()
}

async fn read(partition: &PartitionClient, from: i64, count: usize) -> Vec<Record> {
    let (mut all, mut offset) = (Vec::new(), from);
    while all.len() < count {
        let (records, _) = partition.fetch_records(offset, 1..1_000_000, 1_000).await.unwrap();
        for each in records.into_iter().filter(|each| each.offset >= offset) {
            all.push(each.record);
        }
        offset = from + all.len() as i64;
    }
    all
}

fn values_of(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.value.clone().unwrap()).unwrap()).collect()
}

async fn create_topic() {
    let topic = topic_of(3).await;
    let listed = client().await.list_topics().await.unwrap();
    let found = listed.into_iter().find(|each| each.name == topic).unwrap();
    same(found.partitions.len(), 3, "partitions");
    let again = client().await.controller_client().unwrap().create_topic(&topic, 1, 1, 10_000).await;
    let refused = matches!(again, Err(Error::ServerError { protocol_error: ProtocolError::TopicAlreadyExists, .. }));
    assert!(refused, "made twice: {again:?}");
}

async fn fields() {
    let partition = partition_of(&topic_of(1).await).await;
    let one = Record {
        key: Some(b"a".to_vec()),
        value: Some(b"one".to_vec()),
        headers: BTreeMap::from([("h".to_owned(), b"x".to_vec())]),
        timestamp: at(0),
    };
    let two = Record { key: None, value: None, headers: BTreeMap::new(), timestamp: at(1) };
    let sent = vec![one, two];
    same(partition.produce(sent.clone(), Compression::NoCompression).await.unwrap(), vec![0, 1], "offsets");
    same(read(&partition, 0, 2).await, sent, "records");
}

async fn produces(codec: Compression) {
    let partition = partition_of(&topic_of(1).await).await;
    partition.produce(numbered(300), codec).await.unwrap();
    same(values_of(&read(&partition, 0, 300).await), values(300), "values");
}

async fn offsets() {
    let partition = partition_of(&topic_of(1).await).await;
    partition.produce(numbered(10), Compression::NoCompression).await.unwrap();
    same(partition.get_offset(OffsetAt::Earliest).await.unwrap(), 0, "the beginning");
    same(partition.get_offset(OffsetAt::Latest).await.unwrap(), 10, "the end");
    same(partition.get_offset(OffsetAt::Timestamp(at(4))).await.unwrap(), 4, "the offset of its time");
    same(values_of(&read(&partition, 4, 6).await), values(10)[4..].to_vec(), "records from then on");
    let beyond = partition.fetch_records(100, 1..1_000, 100).await;
    let refused = matches!(beyond, Err(Error::ServerError { protocol_error: ProtocolError::OffsetOutOfRange, .. }));
    assert!(refused, "beyond the end: {beyond:?}");
}

async fn delete() {
    let topic = topic_of(1).await;
    let partition = partition_of(&topic).await;
    partition.produce(numbered(10), Compression::NoCompression).await.unwrap();
    partition.delete_records(4, 10_000).await.unwrap();
    same(partition.get_offset(OffsetAt::Earliest).await.unwrap(), 4, "what is left");
    client().await.controller_client().unwrap().delete_topic(&topic, 10_000).await.unwrap();
    while client().await.list_topics().await.unwrap().iter().any(|each| each.name == topic) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn too_large() {
    let partition = partition_of(&topic_of(1).await).await;
    let record = Record { value: Some(vec![b'x'; 2_000_000]), ..numbered(1).remove(0) };
    let answer = partition.produce(vec![record], Compression::NoCompression).await;
    let refused = matches!(answer, Err(Error::ServerError { protocol_error: ProtocolError::MessageTooLarge, .. }));
    assert!(refused, "{answer:?}");
}

#[tokio::main]
async fn main() {
    let mut cases = Cases::new();
    cases.case("create a topic", create_topic()).await;
    cases.case("keys, headers and nulls", fields()).await;
    for (name, codec) in [
        ("none", Compression::NoCompression),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ] {
        cases.case(&format!("produce with codec {name}"), produces(codec)).await;
    }
    cases.case("offsets, and records by timestamp", offsets()).await;
    cases.case("delete records, delete topics", delete()).await;
    cases.case("a message that is too large is refused", too_large()).await;
    cases.end()
}
