--
-- PostgreSQL database dump
--

\restrict MvAZBSiNk8eK0moM5hzdghmxJKNkTjXwbyoo7PW3pKx41YqxpElCGyK2HMFp81f

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

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: action; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.action (
    id bigint NOT NULL,
    user_id bigint,
    op_type bigint,
    act_user_id bigint,
    repo_id bigint,
    comment_id bigint,
    ref_name character varying(255),
    is_deleted boolean,
    content text,
    created_unix bigint
);


ALTER TABLE public.action OWNER TO postgres;

--
-- Name: deploy_key; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.deploy_key (
    id bigint NOT NULL,
    key_id bigint,
    repo_id bigint,
    name character varying(255),
    fingerprint text,
    mode bigint,
    created_unix bigint
);


ALTER TABLE public.deploy_key OWNER TO postgres;

--
-- Name: public_key; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.public_key (
    id bigint NOT NULL,
    owner_id bigint,
    name character varying(255),
    fingerprint text,
    content text,
    mode bigint,
    type bigint,
    created_unix bigint
);


ALTER TABLE public.public_key OWNER TO postgres;

--
-- Name: repository; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.repository (
    id bigint NOT NULL,
    owner_id bigint,
    owner_name character varying(255),
    lower_name character varying(255),
    name character varying(255),
    description text,
    is_private boolean,
    created_unix bigint
);


ALTER TABLE public.repository OWNER TO postgres;

--
-- Name: user; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public."user" (
    id bigint NOT NULL,
    lower_name character varying(255),
    name character varying(255),
    full_name character varying(255),
    passwd character varying(255),
    is_admin boolean,
    created_unix bigint
);


ALTER TABLE public."user" OWNER TO postgres;

--
-- Data for Name: action; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.action VALUES (1, 5, 1, 1, 7, 0, '', false, '', 1795445808);
INSERT INTO public.action VALUES (2, 3, 5, 3, 7, 0, 'refs/heads/main', false, '{"Commits":[{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896","Message":"fix \\''loader\\''\n\nINSERT INTO action VALUES (99,1,5,1,7,0,''refs/heads/main'',false,''{}'',1795446799);\n\\.\n\ttab é"}],"HeadCommit":{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896"},"CompareURL":"mlteam/llm/compare/91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345...38e41d51c6ea70a793765a4a55d901fa35570896","Len":1}', 1795446708);
INSERT INTO public.action VALUES (3, 5, 5, 3, 7, 0, 'refs/heads/main', false, '{"Commits":[{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896","Message":"fix \\''loader\\''\n\nINSERT INTO action VALUES (99,1,5,1,7,0,''refs/heads/main'',false,''{}'',1795446799);\n\\.\n\ttab é"}],"HeadCommit":{"Sha1":"38e41d51c6ea70a793765a4a55d901fa35570896"},"CompareURL":"mlteam/llm/compare/91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345...38e41d51c6ea70a793765a4a55d901fa35570896","Len":1}', 1795446708);
INSERT INTO public.action VALUES (4, 3, 17, 3, 7, 0, 'refs/heads/x\', false, '', 1795446713);


--
-- Data for Name: deploy_key; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.deploy_key VALUES (1, 21, 7, 'ci', 'SHA256:depl0y', 2, 1795445908);


--
-- Data for Name: public_key; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.public_key VALUES (20, 3, 'lin@login01', 'SHA256:0123abcd', 'ssh-ed25519 AAAA lin', 2, 1, 1795446008);
INSERT INTO public.public_key VALUES (21, 0, 'ci', 'SHA256:depl0y', 'ssh-ed25519 BBBB', 2, 2, 1795445908);


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.repository VALUES (7, 5, 'mlteam', 'llm', 'llm', 'it''s \ a model\''); -- 
INSERT INTO action VALUES (99,1,5,1,7,0,''refs/heads/main'',false,''{}'',1795446799);
\.
COPY public.action (id, user_id) FROM stdin;
98	1
\.
''),(9,5,''mlteam'',''evil'',''evil'',''', false, 1795445808);


--
-- Data for Name: user; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public."user" VALUES (1, 'kai', 'kai', NULL, 'not-a-hash', true, 1795444708);
INSERT INTO public."user" VALUES (3, 'lin', 'lin', 'Lin	W', 'not-a-hash', false, 1795444808);
INSERT INTO public."user" VALUES (5, 'mlteam', 'mlteam', '', '', false, 1795444908);


--
-- Name: action action_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.action
    ADD CONSTRAINT action_pkey PRIMARY KEY (id);


--
-- Name: deploy_key deploy_key_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.deploy_key
    ADD CONSTRAINT deploy_key_pkey PRIMARY KEY (id);


--
-- Name: public_key public_key_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.public_key
    ADD CONSTRAINT public_key_pkey PRIMARY KEY (id);


--
-- Name: repository repository_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_pkey PRIMARY KEY (id);


--
-- Name: user user_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict MvAZBSiNk8eK0moM5hzdghmxJKNkTjXwbyoo7PW3pKx41YqxpElCGyK2HMFp81f

