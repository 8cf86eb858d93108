"""The PROXY protocol, versions 1 and 2: who a proxy says that it speaks for.

"HAProxy's document" is "The PROXY protocol", in its version of 2020-03-05:
https://github.com/haproxy/haproxy/blob/master/doc/proxy-protocol.txt
"""
