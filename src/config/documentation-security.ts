/** What the security settings mean. A sentence each. */

export const securityDocumentation: Readonly<Record<string, string>> = {
  'authorizer.class.name':
    'The class that decides who may do what; empty, everybody may do everything.',
  'connection.failed.authentication.delay.ms':
    'Milliseconds before a connection is closed whose authentication failed.',
  'connections.max.reauth.ms':
    'Milliseconds after which a SASL client must authenticate again; 0 never.',
  'delegation.token.expiry.check.interval.ms':
    'Milliseconds between two looks for expired delegation tokens.',
  'delegation.token.expiry.time.ms':
    'Milliseconds that a delegation token is valid before it must be renewed.',
  'delegation.token.max.lifetime.ms':
    'Milliseconds after which a delegation token cannot be renewed any more.',
  'delegation.token.secret.key':
    'The key that delegation tokens are made with, the same on all nodes.',
  'principal.builder.class': 'The class that names the user behind a connection.',
  'sasl.client.callback.handler.class': 'The class that answers the questions of a SASL client.',
  'sasl.enabled.mechanisms': 'The SASL mechanisms that clients may use.',
  'sasl.jaas.config': 'The login module and its options for SASL.',
  'sasl.kerberos.kinit.cmd': 'The path of the program kinit.',
  'sasl.kerberos.min.time.before.relogin':
    'Milliseconds between two attempts to log in to Kerberos.',
  'sasl.kerberos.principal.to.local.rules': 'How Kerberos principals become the names of users.',
  'sasl.kerberos.service.name': 'The Kerberos principal under which Kafka runs.',
  'sasl.kerberos.ticket.renew.jitter': 'The share of a ticket\'s renewal time that is random.',
  'sasl.kerberos.ticket.renew.window.factor':
    'The share of a ticket\'s lifetime after which it is renewed.',
  'sasl.login.callback.handler.class': 'The class that answers the questions of a SASL login.',
  'sasl.login.class': 'The class that performs a SASL login.',
  'sasl.login.connect.timeout.ms': 'Milliseconds to connect to an identity provider.',
  'sasl.login.read.timeout.ms': 'Milliseconds to wait for an identity provider\'s answer.',
  'sasl.login.refresh.buffer.seconds': 'Seconds that a credential is refreshed before it expires.',
  'sasl.login.refresh.min.period.seconds':
    'Seconds that a credential is used at least before it is refreshed.',
  'sasl.login.refresh.window.factor':
    'The share of a credential\'s lifetime after which it is refreshed.',
  'sasl.login.refresh.window.jitter': 'The share of a credential\'s refresh time that is random.',
  'sasl.login.retry.backoff.max.ms':
    'The longest wait, in milliseconds, before a failed login is tried again.',
  'sasl.login.retry.backoff.ms':
    'The first wait, in milliseconds, before a failed login is tried again.',
  'sasl.mechanism.controller.protocol': 'The SASL mechanism by which nodes reach controllers.',
  'sasl.mechanism.inter.broker.protocol': 'The SASL mechanism by which brokers reach each other.',
  'sasl.oauthbearer.allow.unverified.audience':
    'Whether OAuth tokens pass although no expected audience is configured.',
  'sasl.oauthbearer.allow.unverified.issuer':
    'Whether OAuth tokens pass although no expected issuer is configured.',
  'sasl.oauthbearer.assertion.algorithm': 'The algorithm that signs an OAuth assertion.',
  'sasl.oauthbearer.assertion.claim.aud': 'The audience of an OAuth assertion.',
  'sasl.oauthbearer.assertion.claim.exp.seconds': 'Seconds that an OAuth assertion is valid.',
  'sasl.oauthbearer.assertion.claim.iss': 'The issuer of an OAuth assertion.',
  'sasl.oauthbearer.assertion.claim.jti.include':
    'Whether an OAuth assertion carries an id of its own.',
  'sasl.oauthbearer.assertion.claim.nbf.seconds':
    'Seconds before now from which an OAuth assertion is valid.',
  'sasl.oauthbearer.assertion.claim.sub': 'The subject of an OAuth assertion.',
  'sasl.oauthbearer.assertion.file': 'A file with a finished OAuth assertion.',
  'sasl.oauthbearer.assertion.private.key.file': 'A file with the key that signs OAuth assertions.',
  'sasl.oauthbearer.assertion.private.key.passphrase':
    'The passphrase of the key that signs OAuth assertions.',
  'sasl.oauthbearer.assertion.template.file': 'A file with claims and headers of OAuth assertions.',
  'sasl.oauthbearer.client.credentials.client.id':
    'The client id of the OAuth client credentials grant.',
  'sasl.oauthbearer.client.credentials.client.secret':
    'The client secret of the OAuth client credentials grant.',
  'sasl.oauthbearer.clock.skew.seconds':
    'Seconds that the clocks of broker and identity provider may differ.',
  'sasl.oauthbearer.expected.audience': 'Audiences of which an OAuth token must name one.',
  'sasl.oauthbearer.expected.issuer': 'The issuer that an OAuth token must name.',
  'sasl.oauthbearer.jwks.endpoint.refresh.ms':
    'Milliseconds between two looks for new keys of the identity provider.',
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms':
    'The longest wait, in milliseconds, before the identity provider\'s keys are asked for again.',
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms':
    'The first wait, in milliseconds, before the identity provider\'s keys are asked for again.',
  'sasl.oauthbearer.jwks.endpoint.url': 'Where the identity provider\'s keys are.',
  'sasl.oauthbearer.jwt.retriever.class': 'The class that gets OAuth tokens.',
  'sasl.oauthbearer.jwt.validator.class': 'The class that checks OAuth tokens.',
  'sasl.oauthbearer.scope': 'The scope that an OAuth token is asked for with.',
  'sasl.oauthbearer.scope.claim.name': 'The claim of an OAuth token that holds its scope.',
  'sasl.oauthbearer.sub.claim.name': 'The claim of an OAuth token that holds its subject.',
  'sasl.oauthbearer.token.endpoint.url': 'Where OAuth tokens are asked for.',
  'sasl.server.callback.handler.class': 'The class that answers the questions of a SASL server.',
  'sasl.server.max.receive.size':
    'The most bytes of a message of a client that is not authenticated yet.',
  'security.inter.broker.protocol': 'The security protocol by which brokers reach each other.',
  'security.providers': 'Classes that provide security algorithms.',
  'ssl.allow.dn.changes': 'Whether a new certificate may have another distinguished name.',
  'ssl.allow.san.changes':
    'Whether a new certificate may lack alternative names of the one before.',
  'ssl.cipher.suites': 'The cipher suites that may be used.',
  'ssl.client.auth': 'Whether clients must, may or need not show a certificate.',
  'ssl.enabled.protocols': 'The versions of TLS that may be used.',
  'ssl.endpoint.identification.algorithm':
    'How the name of a server is compared with its certificate.',
  'ssl.engine.factory.class': 'The class that makes TLS engines.',
  'ssl.key.password': 'The password of the private key.',
  'ssl.keymanager.algorithm': 'The algorithm of the key manager.',
  'ssl.keystore.certificate.chain': 'The chain of certificates, in PEM.',
  'ssl.keystore.key': 'The private key, in PEM.',
  'ssl.keystore.location': 'The file of the key store.',
  'ssl.keystore.password': 'The password of the key store.',
  'ssl.keystore.type': 'The format of the key store.',
  'ssl.principal.mapping.rules': 'How the names in certificates become the names of users.',
  'ssl.protocol': 'The version of TLS that is tried first.',
  'ssl.provider': 'The security provider for TLS.',
  'ssl.secure.random.implementation': 'The random number generator for TLS.',
  'ssl.trustmanager.algorithm': 'The algorithm of the trust manager.',
  'ssl.truststore.certificates': 'The trusted certificates, in PEM.',
  'ssl.truststore.location': 'The file of the trust store.',
  'ssl.truststore.password': 'The password of the trust store.',
  'ssl.truststore.type': 'The format of the trust store.',
}
