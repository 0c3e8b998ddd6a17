--
-- PostgreSQL database dump
--

\restrict 6hbMb37tgn8bwV7aCGqrNxY242cTurIhIX8dxdAvh7cwdTErBqlAZ5ge4q8fJuD

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: action; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.action (id, user_id, op_type, act_user_id, repo_id, comment_id, ref_name, is_deleted, content, created_unix) FROM stdin;
1	5	1	1	7	0		f		1795445808
2	3	5	3	7	0	refs/heads/main	f	{"Commits":[{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896","Message":"fix \\\\'loader\\\\'\\n\\nINSERT INTO action VALUES (99,1,5,1,7,0,'refs/heads/main',false,'{}',1795446799);\\n\\\\.\\n\\ttab é"}],"HeadCommit":{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896"},"CompareURL":"mlteam/llm/compare/91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345...38e41d51c6ea70a793765a4a55d901fa35570896","Len":1}	1795446708
3	5	5	3	7	0	refs/heads/main	f	{"Commits":[{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896","Message":"fix \\\\'loader\\\\'\\n\\nINSERT INTO action VALUES (99,1,5,1,7,0,'refs/heads/main',false,'{}',1795446799);\\n\\\\.\\n\\ttab é"}],"HeadCommit":{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896"},"CompareURL":"mlteam/llm/compare/91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345...38e41d51c6ea70a793765a4a55d901fa35570896","Len":1}	1795446708
4	3	17	3	7	0	refs/heads/x\\	f		1795446713
\.


--
-- Data for Name: deploy_key; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.deploy_key (id, key_id, repo_id, name, fingerprint, mode, created_unix) FROM stdin;
1	21	7	ci	SHA256:depl0y	2	1795445908
\.


--
-- Data for Name: public_key; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.public_key (id, owner_id, name, fingerprint, content, mode, type, created_unix) FROM stdin;
20	3	lin@login01	SHA256:0123abcd	ssh-ed25519 AAAA lin	2	1	1795446008
21	0	ci	SHA256:depl0y	ssh-ed25519 BBBB	2	2	1795445908
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.repository (id, owner_id, owner_name, lower_name, name, description, is_private, created_unix) FROM stdin;
7	5	mlteam	llm	llm	it's \\ a model\\'); -- \nINSERT INTO action VALUES (99,1,5,1,7,0,'refs/heads/main',false,'{}',1795446799);\n\\.\nCOPY public.action (id, user_id) FROM stdin;\n98\t1\n\\.\n'),(9,5,'mlteam','evil','evil','	f	1795445808
\.


--
-- Data for Name: user; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public."user" (id, lower_name, name, full_name, passwd, is_admin, created_unix) FROM stdin;
1	kai	kai	\N	not-a-hash	t	1795444708
3	lin	lin	Lin\tW	not-a-hash	f	1795444808
5	mlteam	mlteam			f	1795444908
\.


--
-- PostgreSQL database dump complete
--

\unrestrict 6hbMb37tgn8bwV7aCGqrNxY242cTurIhIX8dxdAvh7cwdTErBqlAZ5ge4q8fJuD

